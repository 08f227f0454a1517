package alert

import "sync"

// locks has a lock for each file, by absolute name, so that the sinks of a process append to
// it one after the other. Files are as few as the tables that name them, and stay.
type locks struct {
	mu    sync.Mutex
	files map[string]*sync.Mutex
}

// take waits for a file and returns what gives it back. Without a file it does not wait.
func (l *locks) take(file string) (unlock func()) {
	if file == "" {
		return func() {}
	}
	l.mu.Lock()
	if l.files == nil {
		l.files = map[string]*sync.Mutex{}
	}
	one := l.files[file]
	if one == nil {
		one = &sync.Mutex{}
		l.files[file] = one
	}
	l.mu.Unlock()
	one.Lock()
	return one.Unlock
}
