// A handler for ackpipe: go build handler.go, then ackpipe run -b BROKERS -t TOPIC -g GROUP -- ./handler
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Record is protocol.md, section 6. Go matches names without regard to case: give each member that you read its own field.
type Record struct {
	Topic         string  `json:"topic"`
	Partition     int32   `json:"partition"`
	Offset        int64   `json:"offset"`
	Attempt       int     `json:"attempt"`
	Timestamp     *int64  `json:"timestamp"`
	TimestampType string  `json:"timestamp_type"`
	Key           *string `json:"key"`
	Value         *string `json:"value"`        // nil with ValueBase64 nil too: a tombstone
	ValueBase64   []byte  `json:"value_base64"` // encoding/json decodes base64 into bytes
}

type frame struct {
	Type     string            `json:"type"`
	ID       int64             `json:"id"`
	Messages []json.RawMessage `json:"messages"`
	Record
}

type failure struct {
	Index  int    `json:"index"`
	Error  string `json:"error,omitempty"`
	Action string `json:"action,omitempty"`
}

// Your code here: return nil when the record is done, else it is delivered again.
func handle(record Record) error {
	if record.Value != nil && *record.Value == "" {
		return errors.New("empty value")
	}
	text, err := json.Marshal(record.Value)
	if record.ValueBase64 != nil {
		text = []byte(fmt.Sprintf("%d bytes", len(record.ValueBase64)))
	}
	fmt.Printf("%s[%d]@%d: %s\n", record.Topic, record.Partition, record.Offset, text)
	return err
}

// attempt is one delivery, and answers its verdict.
func attempt(f frame) any {
	if f.Type == "message" {
		if err := handle(f.Record); err != nil {
			return map[string]any{"type": "nack", "id": f.ID, "error": err.Error()}
		}
	}
	for index, message := range f.Messages {
		record := f.Record // a batch says once what its records share
		err := json.Unmarshal(message, &record)
		if err == nil {
			err = handle(record)
		}
		if err != nil {
			failed := []failure{{Index: index, Error: err.Error()}}
			for later := index + 1; later < len(f.Messages); later++ {
				failed = append(failed, failure{Index: later, Action: "release"})
			}
			return map[string]any{"type": "result", "id": f.ID, "failed": failed}
		}
	}
	return map[string]any{"type": "ack", "id": f.ID}
}

func send(out io.Writer, value any) {
	body, err := json.Marshal(value)
	if err == nil {
		header := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		_, err = out.Write(append(header, body...)) // an os.File is not buffered
	}
	if err != nil {
		quit(1, err)
	}
}

// guard takes private, close-on-exec copies of the protocol's descriptors: what is printed then goes to ackpipe's log.
func guard() (in, out *os.File) {
	if os.Getenv("ACKPIPE_PROTOCOL_FDS") != "" {
		syscall.CloseOnExec(3)
		syscall.CloseOnExec(4)
		return os.NewFile(3, "frames in"), os.NewFile(4, "frames out")
	}
	copies := [2]int{}
	for descriptor := range copies {
		number, err := syscall.Dup(descriptor)
		if err != nil {
			quit(1, err)
		}
		syscall.CloseOnExec(number)
		copies[descriptor] = number
	}
	null, err := os.Open(os.DevNull)
	if err == nil {
		err = syscall.Dup3(int(null.Fd()), 0, 0) // Dup2 is not there on every architecture
	}
	if err == nil {
		err = syscall.Dup3(2, 1, 0)
	}
	if err != nil {
		quit(1, err)
	}
	return os.NewFile(uintptr(copies[0]), "frames in"), os.NewFile(uintptr(copies[1]), "frames out")
}

func quit(code int, why ...any) {
	fmt.Fprintln(os.Stderr, why...)
	os.Exit(code)
}

func main() {
	source, out := guard()
	in := bufio.NewReaderSize(source, 1<<20)
	for {
		var size uint32
		if err := binary.Read(in, binary.BigEndian, &size); err == io.EOF {
			return // the orderly end
		} else if err != nil || size == 0 || size >= 1<<27 {
			quit(76, "bad frame:", size, "is no frame's length", err)
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(in, body); err != nil {
			quit(76, "bad frame: the input ended within it:", err)
		}
		var f frame
		if err := json.Unmarshal(body, &f); err != nil {
			quit(76, "bad frame:", err)
		}
		switch f.Type { // others are ignored, shutdown too: end of file follows
		case "hello":
			send(out, map[string]any{"type": "ready", "protocol": 1, "name": "go-example/1.0"})
		case "message", "batch":
			send(out, attempt(f))
		}
	}
}
