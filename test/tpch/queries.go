package tpch

import "fmt"

// Query is the text of query n, with its semicolon.
func Query(n int) (string, error) {
	text, err := files.ReadFile(fmt.Sprintf("q%02d.sql", n))
	return string(text), err
}
