package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// A reply of the server that says no. The connection is as good as before.
type replyError struct{ text string }

func (e replyError) Error() string { return e.text }

// respStore is a client of rafture: one TCP connection, one request at a time.
type respStore struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	// When above 0, how long one answer may take.
	patience time.Duration
}

func init() {
	openers["resp"] = func(c config) (func(int) (store, error), error) {
		return func(client int) (store, error) {
			return dialResp(c.endpoints[client%len(c.endpoints)], 0)
		}, nil
	}
}

func dialResp(endpoint string, patience time.Duration) (*respStore, error) {
	conn, err := net.DialTimeout("tcp", endpoint, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &respStore{conn: conn, in: bufio.NewReaderSize(conn, 4096), patience: patience}, nil
}

func (s *respStore) close() { s.conn.Close() }

func (s *respStore) write(key, value string) error {
	return s.writeMany([]string{key}, value)
}

// writeMany sends all before it waits for the first answer.
func (s *respStore) writeMany(keys []string, value string) error {
	s.out = s.out[:0]
	for _, key := range keys {
		s.out = append(s.out, "*3\r\n$3\r\nSET\r\n"...)
		s.out = appendBulk(s.out, key)
		s.out = appendBulk(s.out, value)
	}
	if err := s.send(); err != nil {
		return err
	}
	var refusal error
	for range keys {
		line, err := s.readLine()
		if err != nil {
			return err
		}
		if line[0] == '-' {
			refusal = replyError{line[1:]}
		} else if line != "+OK" {
			return fmt.Errorf("SET was answered with %q", line)
		}
	}
	return refusal
}

func (s *respStore) read(key string) (int, error) {
	s.out = append(s.out[:0], "*2\r\n$3\r\nGET\r\n"...)
	s.out = appendBulk(s.out, key)
	if err := s.send(); err != nil {
		return 0, err
	}
	line, err := s.readLine()
	if err != nil {
		return 0, err
	}
	switch line[0] {
	case '-':
		return 0, replyError{line[1:]}
	case '$':
		length, err := strconv.Atoi(line[1:])
		if err != nil || length < 0 {
			return -1, err
		}
		_, err = io.CopyN(io.Discard, s.in, int64(length)+2)
		return length, err
	default:
		return 0, fmt.Errorf("GET was answered with %q", line)
	}
}

func (s *respStore) send() error {
	if s.patience > 0 {
		if err := s.conn.SetDeadline(time.Now().Add(s.patience)); err != nil {
			return err
		}
	}
	_, err := s.conn.Write(s.out)
	return err
}

func (s *respStore) readLine() (string, error) {
	line, err := s.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", fmt.Errorf("an empty line came in place of a reply")
	}
	return line, nil
}

func appendBulk(out []byte, text string) []byte {
	out = append(out, '$')
	out = strconv.AppendInt(out, int64(len(text)), 10)
	out = append(out, "\r\n"...)
	out = append(out, text...)
	return append(out, "\r\n"...)
}
