//! A handler for ackpipe: rustc -O handler.rs, then ackpipe run -b BROKERS -t TOPIC -g GROUP -- ./handler
//! The standard library has no JSON; json.rs beside this file is a small one. With Cargo, take serde_json.
mod json;
use json::Value;
use std::fs::File;
use std::io::{BufReader, Error, Read, Write};
use std::os::unix::io::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// Your code here: Ok when the record is done, else it is delivered again. A Value::Null is a tombstone.
fn handle(record: &Value) -> Result<(), String> {
    let text = match record.get("value_base64").and_then(Value::text) {
        Some(base64) => format!("{} bytes", json::decode_base64(base64)?.len()),
        None => match record.get("value") {
            Some(Value::Text(value)) if value.is_empty() => return Err("empty value".into()),
            value => value.unwrap_or(&Value::Null).to_string(),
        },
    };
    let member = |name| record.get(name).unwrap_or(&Value::Null);
    println!("{}[{}]@{}: {}", member("topic").text().unwrap_or(""), member("partition"), member("offset"), text);
    Ok(())
}

/// One delivery, one verdict.
fn attempt(mut frame: Value) -> String {
    let id = frame.get("id").cloned().unwrap_or(Value::Null);
    let messages = match frame.take("messages") {
        Some(Value::List(messages)) => messages,
        _ => {
            return match handle(&frame) {
                Ok(()) => format!(r#"{{"type":"ack","id":{id}}}"#),
                Err(error) => format!(r#"{{"type":"nack","id":{id},"error":{}}}"#, Value::Text(error)),
            }
        }
    };
    let count = messages.len();
    for (index, mut record) in messages.into_iter().enumerate() {
        record.inherit(&frame); // a batch says once what its records share
        if let Err(error) = handle(&record) {
            let mut failed = format!(r#"{{"index":{index},"error":{}}}"#, Value::Text(error));
            for later in index + 1..count {
                failed += &format!(r#",{{"index":{later},"action":"release"}}"#);
            }
            return format!(r#"{{"type":"result","id":{id},"failed":[{failed}]}}"#);
        }
    }
    format!(r#"{{"type":"ack","id":{id}}}"#)
}

fn send(out: &mut File, body: &str) -> Result<(), Error> {
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(body.as_bytes());
    out.write_all(&frame) // a File is not buffered
}

extern "C" {
    fn dup2(from: i32, to: i32) -> i32;
}

/// Private, close-on-exec copies of the protocol's descriptors: what is printed then goes to ackpipe's log.
fn guard() -> Result<(File, File), Error> {
    if std::env::var_os("ACKPIPE_PROTOCOL_FDS").is_some() {
        // SAFETY: ackpipe opened 3 and 4 for this process, and nothing else here knows them.
        let (read, write) = unsafe { (OwnedFd::from_raw_fd(3), OwnedFd::from_raw_fd(4)) };
        return Ok((File::from(read.try_clone()?), File::from(write.try_clone()?)));
    }
    let read = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let write = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    let null = File::open("/dev/null")?;
    // SAFETY: dup2 touches no memory, and 0 and 1 have no other owner than the standard library, which never closes them.
    if unsafe { dup2(null.as_raw_fd(), 0) < 0 || dup2(2, 1) < 0 } {
        return Err(Error::last_os_error());
    }
    Ok((read, write))
}

/// The next frame, None at end of file.
fn read_frame(input: &mut impl Read) -> Result<Option<Value>, String> {
    let mut header = [0; 4];
    match input.read(&mut header[..1]).map_err(|e| e.to_string())? {
        0 => return Ok(None),
        _ => input.read_exact(&mut header[1..]).map_err(|e| format!("the input ended within it: {e}"))?,
    }
    let size = u32::from_be_bytes(header);
    if size == 0 || size >= 1 << 27 {
        return Err(format!("{size} is no frame's length"));
    }
    let mut body = vec![0; size as usize];
    input.read_exact(&mut body).map_err(|e| format!("the input ended within it: {e}"))?;
    json::parse(&body).map(Some)
}

fn main() -> Result<(), Error> {
    let (input, mut out) = guard()?;
    let mut input = BufReader::with_capacity(1 << 20, input);
    loop {
        let frame = match read_frame(&mut input) {
            Ok(None) => return Ok(()), // the orderly end
            Ok(Some(frame)) => frame,
            Err(error) => {
                eprintln!("bad frame: {error}");
                std::process::exit(76);
            }
        };
        match frame.get("type").and_then(Value::text) {
            Some("hello") => send(&mut out, r#"{"type":"ready","protocol":1,"name":"rust-example/1.0"}"#)?,
            Some("message" | "batch") => send(&mut out, &attempt(frame))?,
            _ => (), // others are ignored, shutdown too: end of file follows
        }
    }
}
