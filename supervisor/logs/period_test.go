package logs

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestPeriods(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ every, at, want string }{
		{"hour", "2026-11-25 22:59:59", "2026-11-25 23:00:00 +0100"},
		{"hour", "2026-11-25 23:00:00", "2026-11-26 00:00:00 +0100"},
		{"hour", "2026-03-29 01:30:00", "2026-03-29 03:00:00 +0200"}, // there is no 02:00
		{"day", "2026-12-31 00:00:00", "2027-01-01 00:00:00 +0100"},
		{"day", "2026-03-29 12:00:00", "2026-03-30 00:00:00 +0200"},
		{"day", "2026-10-25 12:00:00", "2026-10-26 00:00:00 +0100"},
		{"week", "2026-11-25 12:00:00", "2026-11-30 00:00:00 +0100"}, // a Wednesday
		{"week", "2026-11-29 23:59:59", "2026-11-30 00:00:00 +0100"},
		{"week", "2026-11-30 00:00:00", "2026-12-07 00:00:00 +0100"},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", c.at, berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got := nextPeriod(at, c.every).Format("2006-01-02 15:04:05 -0700"); got != c.want {
			t.Errorf("the %s after %s begins at %s, want %s", c.every, c.at, got, c.want)
		}
	}
	for _, every := range []string{"", "never", "month"} {
		if got := nextPeriod(time.Now(), every); !got.IsZero() {
			t.Errorf("%q: %v", every, got)
		}
	}
	// Whatever the clock does, the next period is later.
	for _, every := range []string{"hour", "day", "week"} {
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, berlin); at.Year() == 2026; at = at.Add(17 * time.Minute) {
			if next := nextPeriod(at, every); !next.After(at) || next.Sub(at) > 8*24*time.Hour {
				t.Fatalf("the %s after %v begins at %v", every, at, next)
			}
		}
	}
}

func TestAFileIsRotatedWhenItsPeriodIsOver(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	synctest.Test(t, func(t *testing.T) { // it begins at midnight UTC
		time.Sleep(10 * time.Minute)
		f := open(t, path, FileOptions{Every: "hour", Backups: 2, MaxBytes: 100})
		put(t, f, "0:10 ")
		time.Sleep(49 * time.Minute)
		put(t, f, "0:59 ")
		time.Sleep(time.Minute)
		put(t, f, "1:00 ")
		time.Sleep(3 * time.Hour) // nothing is rotated without a write, and no empty file
		put(t, f, "4:00 ")
		want := map[string]string{"log": "4:00 ", "log.1": "1:00 ", "log.2": "0:10 0:59 "}
		if got := tree(t, dir); !equalTrees(got, want) {
			t.Errorf("%q", got)
		}
		f.Clear()
		time.Sleep(time.Hour)
		put(t, f, "5:00 ")
		if got := content(t, path+".1"); got != "1:00 " {
			t.Errorf("an empty file was rotated: %q", got)
		}
		f.Close()

		// The next File goes on where this one ended, by the time of the last write.
		now := time.Now()
		if err := os.Chtimes(path, now, now); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		f = open(t, path, FileOptions{Every: "hour", Backups: 2})
		put(t, f, "5:10 ")
		f.Close()
		if err := os.Chtimes(path, now, now); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		f = open(t, path, FileOptions{Every: "hour", Backups: 2})
		put(t, f, "6:10 ")
		want = map[string]string{"log": "6:10 ", "log.1": "5:00 5:10 ", "log.2": "1:00 "}
		if got := tree(t, dir); !equalTrees(got, want) {
			t.Errorf("%q", got)
		}
		f.Close()
	})
}

func equalTrees(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, text := range a {
		if b[name] != text {
			return false
		}
	}
	return true
}

func TestARotationByTimeThatFailsLosesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	if err := os.MkdirAll(path+".1/in the way", 0o755); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f := open(t, path, FileOptions{Every: "day", Backups: 1})
		put(t, f, "monday ")
		time.Sleep(24 * time.Hour)
		if n, err := f.Write([]byte("tuesday ")); n != 8 || err == nil {
			t.Errorf("%d, %v", n, err)
		}
		put(t, f, "still tuesday ")
		if err := os.RemoveAll(path + ".1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		put(t, f, "later")
		f.Close()
	})
	if got := content(t, path+".1") + "|" + content(t, path); got != "monday tuesday still tuesday |later" {
		t.Errorf("%q", got)
	}
}
