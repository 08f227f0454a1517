package log

import (
	"context"
	"time"
)

// spaceEvery is how often the free space is looked at.
const spaceEvery = 5 * time.Second

// watchSpace refuses appends while the disk is almost full.
func (l *Log) watchSpace(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.spaceDue:
		case <-l.sys.Clock.After(spaceEvery):
		}
		l.checkSpace()
	}
}

// checkSpaceSoon asks for a look now.
func (l *Log) checkSpaceSoon() {
	select {
	case l.spaceDue <- struct{}{}:
	default:
	}
}

func (l *Log) checkSpace() {
	if l.cfg.MinFree < 0 {
		return
	}
	u, err := l.sys.FS.GetDiskUsage(l.cfg.Dir)
	if err != nil || u.TotalBytes == 0 {
		return // unknown: a full disk then says so by itself
	}
	least := uint64(l.cfg.MinFree)
	if least == 0 {
		least = max(512<<20, u.TotalBytes/50)
	}
	full := u.AvailBytes < least
	if l.full.Swap(full) == full {
		return
	}
	if full {
		l.log.Error("the disk is almost full; no more records are taken", "free", u.AvailBytes, "needed", least, "folder", l.cfg.Dir)
	} else {
		l.log.Info("there is space on the disk again; records are taken", "free", u.AvailBytes)
	}
}
