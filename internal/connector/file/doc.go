// Package file reads and writes folders of files: the connectors parquet, csv, json and text.
//
// Reading lists the files once, takes columns from folders named k=v, leaves out the files and row
// groups that a filter excludes, and gives the rest in parts that can be read side by side: a row
// group, or 16 MiB of a file of lines. What a record's mistake does is the table's mode.
//
// Writing changes nothing that readers see until its rows are whole on disk. Who lists the folder while an
// append moves its files in may see some of them; who listed it before an overwrite may miss files. A write goes to a hidden folder
// _azud-UUID beside the target ("dir/.t._azud-UUID" for the target "dir/t"); its files are synced. Then:
//
//   - errorifexists, and any write to a place where nothing is: the hidden folder is renamed to the
//     target, one atomic step.
//   - append: the new files, whose names are unique, are moved into the target one by one, after a
//     list of the moves is synced inside the hidden folder ("_azud-append"). A crash in between is
//     finished by the next open: it moves what the list names and is still in the hidden folder.
//   - overwrite: a mark "dir/.t._azud-swap" with the hidden folder's name is synced; the target is
//     renamed to "dir/.t._azud-old"; the hidden folder is renamed to the target; the old one and
//     the mark are removed. The next open that finds the mark goes on where the crash was: with the
//     hidden folder there, it finishes the swap; without, the swap was done and only leftovers go.
//
// Before its mark or list is on disk a write has not happened: the hidden folder is litter that the next
// write to the target, once it is older than a day, removes.
//
// The package knows formats and the file system through a small Store; it must not know plans.
package file
