package http

import (
	"errors"
	"net/url"
)

// bare is the cause of an error whose text repeats the whole address.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
