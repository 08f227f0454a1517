// Package fault is a disk in memory that fails as real ones do. A seed decides all chance.
// It serves whoever takes a sys.FS: the record log, the checkpoints, tests of either.
//
//	disk := fault.New(fault.Options{Seed: 42})
//	s.FS = disk.FS()          // the process that lives now
//	disk.CrashAt(17)          // the power fails at the 17th change from here
//	…                         // every call fails with ErrCrashed from then on
//	s.FS = disk.FS()          // the next process finds what the crash has left
//
// What a crash (Crash, CrashAt) leaves:
//
//   - Files: what was synced. Each 4 KiB page written since may have reached the disk or not,
//     independently, in its last state or an earlier one, or torn between its 512-byte
//     sectors. A size changed since may be the old one, the new one, or between; what no page
//     filled reads as zeros.
//   - Directories: a create, link, rename or remove is certain only after the directory was
//     synced. Those since are kept all, in part in order, or each for itself. A rename is
//     one step: the file has its old name or its new one, at worst both.
//   - The change in progress may have happened, in part or not at all.
//
// Kill ends the process only: all that it wrote stays, synced or not.
//
// Besides, a Hook answers any operation: with an error (EIO, ENOSPC), with a short write, or
// with a lie, success without effect, which plants bugs as a forgotten sync. A sync that
// fails leaves some pages unwritten and forgets that they are: the next sync succeeds and they
// are lost all the same, as Linux does it. SetCapacity makes the disk fill up, Flip damages bytes at rest.
//
// Choices at a crash depend on the seed, the number of the crash, and the file's name and
// page, not on the order in which goroutines came; what the N-th change is does depend on it,
// unless Options.Uncounted leaves out those that background goroutines make.
package fault
