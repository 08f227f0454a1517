package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// describeLogDirs tells the sizes of partitions and of the disk.
func (b *Broker) describeLogDirs(_ *call, q *kmsg.DescribeLogDirsRequest) kmsg.Response {
	r := kmsg.NewPtrDescribeLogDirsResponse()
	dir := kmsg.NewDescribeLogDirsResponseDir()
	dir.Dir, dir.TotalBytes, dir.UsableBytes = b.store.Dir(), -1, -1
	if use, err := b.cfg.Sys.FS.GetDiskUsage(b.store.Dir()); err == nil {
		dir.TotalBytes, dir.UsableBytes = int64(use.TotalBytes), int64(use.AvailBytes)
	}
	add := func(t *log.Topic, only []int32) {
		out := kmsg.NewDescribeLogDirsResponseDirTopic()
		out.Topic = t.Name()
		if only == nil {
			for n := range t.Partitions() {
				only = append(only, int32(n))
			}
		}
		for _, n := range only {
			if p := partitionOf(t, n); p != nil {
				d := kmsg.NewDescribeLogDirsResponseDirTopicPartition()
				d.Partition, d.Size = n, p.Size()
				out.Partitions = append(out.Partitions, d)
			}
		}
		dir.Topics = append(dir.Topics, out)
	}
	if q.Topics == nil {
		for _, t := range allTopics(b.store) {
			add(t, nil)
		}
	}
	for i := range q.Topics {
		if t := b.store.Topics().ByName(q.Topics[i].Topic); t != nil {
			add(t, append([]int32{}, q.Topics[i].Partitions...))
		}
	}
	r.Dirs = append(r.Dirs, dir)
	return r
}
