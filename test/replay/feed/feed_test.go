package feed

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func sample(t *testing.T) []File {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{
		"all_hour__20250504T140000Z.json", "all_day__20250504T140000Z.json", "all_hour__20250504T130000Z.json",
		"all_day__20250505T000000Z.json", "all_hour__20250505T010000Z.json", "SOURCE.md",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"features":["`+name+`"]}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Load(dir, "*")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestLoadOrdersByTimeThenName(t *testing.T) {
	var got []string
	for _, f := range sample(t) {
		got = append(got, f.Name)
	}
	want := []string{
		"all_hour__20250504T130000Z.json", "all_day__20250504T140000Z.json", "all_hour__20250504T140000Z.json",
		"all_day__20250505T000000Z.json", "all_hour__20250505T010000Z.json",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if _, err := Load(t.TempDir(), "*"); err == nil {
		t.Error("an empty folder was loaded")
	}
}

func TestFaultsStandBetweenTheFiles(t *testing.T) {
	var got []Kind
	for _, s := range Steps(sample(t), true) {
		got = append(got, s.Kind)
	}
	want := []Kind{Body, Error, Body, Cut, Body, Invalid, Body, Repeat, Body}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for _, s := range Steps(sample(t), true) {
		if valid := json.Valid(s.Body); valid == (s.Kind == Invalid) && s.Kind != Error {
			t.Errorf("%s %s: JSON valid: %v", s.Kind, s.File, valid)
		}
	}
}

// client polls, keeping the ETag of what it could use, as it should.
type client struct {
	url, etag string
	gzip      bool
	files     []string // of usable bodies
	seen      []int    // status codes; 0 for a broken body, -1 for invalid JSON
}

func (c *client) poll(t *testing.T) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/feed.geojson", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.etag != "" {
		req.Header.Set("If-None-Match", c.etag)
	}
	// The transport asks for gzip by itself, unless forbidden.
	resp, err := (&http.Client{Transport: &http.Transport{DisableCompression: !c.gzip, DisableKeepAlives: true}}).Do(req)
	if err != nil {
		c.seen = append(c.seen, 0)
		return
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	var doc struct{ Features []string }
	switch {
	case err != nil:
		c.seen = append(c.seen, 0)
	case resp.StatusCode == 200 && json.Unmarshal(body, &doc) != nil:
		c.seen = append(c.seen, -1)
	default:
		c.seen = append(c.seen, resp.StatusCode)
		if resp.StatusCode == 200 {
			if resp.Uncompressed != c.gzip {
				t.Errorf("compressed: %v, asked: %v", resp.Uncompressed, c.gzip)
			}
			c.etag = resp.Header.Get("ETag")
			c.files = append(c.files, doc.Features...)
		}
	}
}

func TestAGoodClientSeesEverythingInOrder(t *testing.T) {
	for _, gz := range []bool{false, true} {
		files := sample(t)
		s := New(Steps(files, true), false)
		srv := httptest.NewServer(s)
		defer srv.Close()
		c := &client{url: srv.URL, gzip: gz}
		for range 16 {
			c.poll(t)
		}
		if want := []int{200, 304, 500, 200, 304, 0, 200, 304, -1, 200, 304, 200, 304, 200, 304, 304}; !slices.Equal(c.seen, want) {
			t.Errorf("gzip %v: saw %v, want %v", gz, c.seen, want)
		}
		want := []string{files[0].Name, files[1].Name, files[2].Name, files[3].Name, files[3].Name, files[4].Name}
		if !slices.Equal(c.files, want) {
			t.Errorf("files %v", c.files)
		}
		if st := s.Status(); !st.Done || st.Step != 8 || st.Steps != 9 || st.Skipped != 0 {
			t.Errorf("status %+v", st)
		}
	}
}

// A client that was killed before it kept the body comes without its ETag.
func TestAFileStaysUntilTheClientHasIt(t *testing.T) {
	s := New(Steps(sample(t), false), false)
	srv := httptest.NewServer(s)
	defer srv.Close()
	c := &client{url: srv.URL}
	c.poll(t)
	c.etag = ""
	c.poll(t)
	c.etag = `"something else"`
	c.poll(t)
	if len(c.files) != 3 || c.files[0] != c.files[2] || s.Status().Step != 0 {
		t.Errorf("files %v, status %+v", c.files, s.Status())
	}
}

func TestKeepingTheETagOfABrokenBodyIsSeen(t *testing.T) {
	steps := Steps(sample(t), true)
	s := New(steps, false)
	srv := httptest.NewServer(s)
	defer srv.Close()
	c := &client{url: srv.URL}
	for s.Status().Kind != Cut {
		c.poll(t)
	}
	c.poll(t)
	c.etag = steps[s.Status().Step].ETag
	c.poll(t)
	if got := s.Status().Skipped; got != 1 {
		t.Errorf("skipped %d, want 1", got)
	}
}

func TestAdvancePerRequest(t *testing.T) {
	s := New(Steps(sample(t), false), true)
	srv := httptest.NewServer(s)
	defer srv.Close()
	c := &client{url: srv.URL}
	for range 5 {
		c.etag = ""
		c.poll(t)
	}
	if len(slices.Compact(slices.Clone(c.files))) != 5 || !s.Status().Done {
		t.Errorf("files %v, status %+v", c.files, s.Status())
	}
	resp, err := http.Get(srv.URL + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var st map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&st); err != nil || st["done"] != true || st["steps"] != 5.0 {
		t.Errorf("status %v, %v", st, err)
	}
}
