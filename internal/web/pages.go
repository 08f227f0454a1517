package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pageNames maps addresses to documents.
var pageNames = map[string]string{"/{$}": "index.html", "/sismos": "sismos.html"}

// PageOf is the address, such as "/sismos", of a pipeline's own page; "" if it has none.
func PageOf(pipeline string) string {
	if _, ok := pageNames["/"+pipeline]; ok {
		return "/" + pipeline
	}
	return ""
}

// assetRoot is where the embedded files but the documents are served.
const assetRoot = "/assets/"

// pages serves the embedded files, each with an ETag of its content, asked for again each
// time so that a new binary shows at once.
func pages(mux *http.ServeMux) {
	l := &library{files: Assets(), ready: map[string]*asset{}}
	for at, name := range pageNames {
		mux.HandleFunc("GET "+at, func(w http.ResponseWriter, r *http.Request) { l.serve(w, r, name) })
	}
	mux.HandleFunc("GET "+assetRoot, func(w http.ResponseWriter, r *http.Request) {
		l.serve(w, r, strings.TrimPrefix(r.URL.Path, assetRoot))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "there is no page "+r.URL.Path)
	})
}

// library prepares embedded files when they are asked for, and keeps them. Its files are
// few, so what it keeps is bounded.
type library struct {
	files fs.FS
	mu    sync.Mutex
	ready map[string]*asset
}

// asset is a file as it is sent.
type asset struct {
	kind    string // Content-Type
	plain   []byte
	zipped  []byte // nil where compressing saves nothing
	version string // of the content
}

func (l *library) get(name string) (*asset, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.ready[name]; a != nil {
		return a, nil
	}
	data, err := fs.ReadFile(l.files, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	a := &asset{kind: mimeType(name), plain: data, version: base64.RawURLEncoding.EncodeToString(sum[:12])}
	if isText(a.kind) {
		a.zipped = zip(data)
	}
	l.ready[name] = a
	return a, nil
}

func (l *library) serve(w http.ResponseWriter, r *http.Request, name string) {
	a, err := l.get(name)
	if err != nil {
		problem(w, http.StatusNotFound, "there is no file "+r.URL.Path)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	body, tag := a.plain, a.version
	if a.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body, tag = a.zipped, a.version+".gz"
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	if h.Get("Content-Encoding") != "" {
		r.Header.Del("Range") // a part of a compressed file is of no use
		h.Set("Content-Length", fmt.Sprint(len(body)))
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}

// zip is data compressed, or nil if that saves little.
func zip(data []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil || buf.Len() > len(data)*9/10 { // a bytes.Buffer takes everything
		return nil
	}
	return buf.Bytes()
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3): gzip itself, else "*", not with q=0.
func acceptsGzip(headers []string) bool {
	star := false
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		wanted := true
		if q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q="); ok {
			weight, err := strconv.ParseFloat(q, 64)
			wanted = err == nil && weight > 0
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			star = wanted
		}
	}
	return star
}

func isText(kind string) bool {
	return strings.HasPrefix(kind, "text/") || kind == "application/json" || kind == "image/svg+xml"
}

// mimeType does not trust the system's table for what browsers insist on.
func mimeType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".json":
		return "application/json"
	case ".md", "": // vendor/*/LICENSE
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}
