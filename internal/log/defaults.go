package log

import "maps"

// Defaults are the settings of topics that do not override them, where they are not those of
// the table: Config's, and over them SetDefaults'. Not to be changed.
func (l *Log) Defaults() map[string]string {
	if over := l.over.Load(); over != nil {
		return *over
	}
	return l.cfg.Defaults
}

// SetDefaults puts settings over those of Config.Defaults, for all topics at once. They are
// not kept over a restart.
func (l *Log) SetDefaults(settings map[string]string) error {
	merged := maps.Clone(l.cfg.Defaults)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, settings)
	if _, err := ParseSettings(merged, nil); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	topics := l.topics.Load()
	all := make([]*Topic, 0, len(topics.All()))
	for _, old := range topics.All() {
		t := *old
		usable := maps.Clone(t.overrides)
		maps.DeleteFunc(usable, func(k, v string) bool { return CheckSetting(k, v) != nil })
		var err error
		if t.settings, err = ParseSettings(merged, usable); err != nil {
			return err
		}
		all = append(all, &t)
	}
	for _, t := range all {
		for _, p := range t.parts {
			p.settings.Store(t.settings)
		}
	}
	l.over.Store(&merged)
	l.topics.Store(makeTopics(all))
	return nil
}
