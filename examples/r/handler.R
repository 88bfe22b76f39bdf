# A handler for ackpipe: ackpipe run --protocol-fd 3 -b BROKERS -t TOPIC -g GROUP -- Rscript handler.R
# Needs jsonlite (r-cran-jsonlite). --protocol-fd 3, since R cannot move descriptors: whatever prints to stdout then prints to
# the log. R's strings end at U+0000: such deliveries are refused below; where values may hold it, add --value-format base64.
# Numbers are doubles, exact to 2^53.
suppressPackageStartupMessages(library(jsonlite))
invisible(Sys.setlocale("LC_CTYPE", "C.UTF-8")) # in the C locale R prints <U+00FC> for a character that is not ASCII

fds <- Sys.getenv("ACKPIPE_PROTOCOL_FDS", "0,1")
descriptors <- paste0("/dev/fd/", strsplit(fds, ",")[[1]])
frames_in <- file(descriptors[1], "rb", raw = TRUE)
frames_out <- file(descriptors[2], "wb", raw = TRUE)
if (fds == "0,1") sink(stderr()) # cat and print write to the log; what system() starts does not: hence --protocol-fd 3

# Your code here: return when the record is done; stop(), and it is delivered again. A NULL value is a tombstone.
handle <- function(record) { # [["value"]], for record$value would find value_base64 where there is no value
  if (identical(record[["value"]], "")) stop("empty value")
  text <- if (!is.null(record[["value_base64"]])) paste(length(base64_dec(record[["value_base64"]])), "bytes")
          else if (is.null(record[["value"]])) "null"
          else toJSON(record[["value"]], auto_unbox = TRUE)
  cat(sprintf("%s[%d]@%.0f: %s\n", record[["topic"]], record[["partition"]], record[["offset"]], text))
}

attempt <- function(frame) { # one delivery, one verdict
  single <- frame[["type"]] == "message"
  messages <- if (single) list(list()) else frame[["messages"]]
  shared <- frame[names(frame) != "messages"]
  for (index in seq_along(messages)) {
    record <- c(messages[[index]], shared[setdiff(names(shared), names(messages[[index]]))]) # a batch says once what is shared
    why <- tryCatch({ handle(record); NULL }, error = conditionMessage)
    if (is.null(why)) next
    if (single) return(list(type = "nack", id = frame[["id"]], error = why))
    later <- seq_len(length(messages) - index) + index # R counts from 1, the protocol from 0
    untried <- lapply(later, function(place) list(index = place - 1, action = "release"))
    return(list(type = "result", id = frame[["id"]], failed = c(list(list(index = index - 1, error = why)), untried)))
  }
  list(type = "ack", id = frame[["id"]])
}

send <- function(frame) {
  body <- charToRaw(enc2utf8(toJSON(frame, auto_unbox = TRUE, digits = NA)))
  writeBin(length(body), frames_out, size = 4, endian = "big")
  writeBin(body, frames_out)
  flush(frames_out)
}

bad_frame <- function(why) {
  message("bad frame: ", why)
  quit(status = 76)
}

repeat {
  header <- readBin(frames_in, "raw", 4)
  if (length(header) == 0) break # end of file, the orderly end
  size <- sum(as.numeric(header) * c(16777216, 65536, 256, 1))
  if (length(header) < 4 || size < 1 || size >= 2^27) bad_frame(paste(size, "is no frame's length"))
  body <- readBin(frames_in, "raw", size)
  if (length(body) < size) bad_frame("the input ended within it")
  text <- rawToChar(body)
  Encoding(text) <- "UTF-8"
  frame <- tryCatch(parse_json(text), error = function(error) bad_frame(conditionMessage(error)))
  if (identical(frame[["type"]], "hello")) {
    send(list(type = "ready", protocol = 1, name = "r-example/1.0"))
  } else if (isTRUE(frame[["type"]] %in% c("message", "batch"))) { # others are ignored, shutdown too
    cut <- grepl("(^|[^\\\\])(\\\\\\\\)*\\\\u0000", text)
    send(if (cut) list(type = "nack", id = frame[["id"]], error = "a text with U+0000: use --value-format base64")
         else attempt(frame))
  }
}
