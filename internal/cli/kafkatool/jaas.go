package kafkatool

import (
	"strings"

	"github.com/azud/azud/internal/errs"
)

// parseJAAS reads a sasl.jaas.config: a login module, "required", and key="value" options up to a
// semicolon. Only the options are returned. Rule: org.apache.kafka.common.security.JaasConfig.
func parseJAAS(text string) (map[string]string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errs.New("INVALID_CONFIG", "sasl.jaas.config is missing").WithHint("%s", jaasHint)
	}
	words, ended := jaasWords(text)
	if !ended || len(words) < 2 {
		return nil, errs.New("INVALID_CONFIG", "sasl.jaas.config cannot be read: it must end in a semicolon").WithHint("%s", jaasHint)
	}
	login := map[string]string{}
	for _, w := range words[2:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, errs.New("INVALID_CONFIG", "sasl.jaas.config: '%s' is not of the form key=\"value\"", w).WithHint("%s", jaasHint)
		}
		login[key] = value
	}
	if login["username"] == "" {
		return nil, errs.New("INVALID_CONFIG", "sasl.jaas.config has no username").WithHint("%s", jaasHint)
	}
	return login, nil
}

const jaasHint = `for instance: org.apache.kafka.common.security.scram.ScramLoginModule required username="me" password="secret";`

// jaasWords splits at white space outside of quotation marks, which it removes, up to the semicolon.
func jaasWords(text string) (words []string, ended bool) {
	var word strings.Builder
	quote := byte(0)
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		case c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote = c
		case c == ';':
			flush()
			return words, true
		case strings.IndexByte(" \t\r\n", c) >= 0:
			flush()
		default:
			word.WriteByte(c)
		}
	}
	flush()
	return words, false
}
