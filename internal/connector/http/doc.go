// Package http polls a URL for JSON and gives each row once.
//
// A poll cannot be replayed, so what it brought is written to the query's journal, synced,
// before it gets an offset: one entry a poll, with its new rows and the ETag. Rows whose key
// the journal already holds are left out; the journal is kept for keyRetention, so this
// holds across restarts. A key that the URL goes on giving is renewed in memory only: after a
// restart, a row that has been in the body for longer than keyRetention comes once more. The package must not know any particular feed.
package http
