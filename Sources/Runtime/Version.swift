/// The version of this program, as told by `ackpipe --version` and in `hello`.
package let ackpipeVersion = "0.1.0"
