package sparkfuzz

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/azud/azud/test/sqltest"
)

// Answer is what a query gives: a result, or the class and SQLSTATE of an error.
type Answer struct {
	sqltest.Result
	Error string
}

// Spark is a running spark.py.
type Spark struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// StartSpark starts spark.py, which lies in the working folder, with a Python that has PySpark.
func StartSpark(python string) (*Spark, error) {
	s := &Spark{cmd: exec.Command(python, "spark.py")}
	s.cmd.Stderr = os.Stderr
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReaderSize(out, 1<<20)
	return s, s.cmd.Start()
}

// Ask runs queries and returns their answers, in order.
func (s *Spark) Ask(queries ...string) ([]Answer, error) {
	sent := make(chan error, 1)
	go func() {
		for _, sql := range queries {
			line, err := json.Marshal(map[string]string{"sql": sql})
			if err == nil {
				_, err = s.in.Write(append(line, '\n'))
			}
			if err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	out := make([]Answer, len(queries))
	for i := range out {
		reply, err := s.out.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("spark.py ended: %w", err)
		}
		if out[i], err = ParseAnswer(reply); err != nil {
			return nil, err
		}
	}
	return out, <-sent
}

// ParseAnswer reads an answer as spark.py writes it.
func ParseAnswer(line []byte) (Answer, error) {
	var raw struct {
		Schema [][2]string
		Rows   []string
		Error  string
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return Answer{}, err
	}
	a := Answer{Error: raw.Error}
	for _, c := range raw.Schema {
		a.Schema = append(a.Schema, sqltest.Column{Name: c[0], Type: c[1]})
	}
	a.Rows = raw.Rows
	return a, nil
}

// Close ends spark.py.
func (s *Spark) Close() error {
	return errorsOf(s.in.Close(), s.cmd.Wait())
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}
