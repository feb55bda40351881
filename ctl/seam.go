package ctl

import (
	"bufio"
	"errors"
	"os"
	"strings"

	"github.com/gwaycc/supd/confload"
)

type ctlFile struct {
	ServerURL, Username, Password, Prompt, HistoryFile string
	Servers                                            []confload.Server
}

func loadCtl(path string) (*ctlFile, error) {
	abs, err := confload.CheckPath(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(abs)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := &ctlFile{}
	section := ""
	found := false
	for sc := bufio.NewScanner(f); sc.Scan(); {
		l := strings.TrimSpace(sc.Text())
		if strings.HasPrefix(l, "[") {
			section = strings.Trim(l, "[]")
			found = found || section == "supervisorctl"
			continue
		}
		k, v, ok := strings.Cut(l, "=")
		if l != "" && (!ok || section == "") {
			return nil, errors.New("syntax error in " + abs)
		}
		switch section + "." + strings.TrimSpace(k) {
		case "supervisorctl.serverurl":
			c.ServerURL = strings.TrimSpace(v)
		case "supervisorctl.username":
			c.Username = strings.TrimSpace(v)
		case "supervisorctl.password":
			c.Password = strings.TrimSpace(v)
		case "unix_http_server.file":
			c.Servers = append(c.Servers, confload.Server{Network: "unix", Path: strings.TrimSpace(v)})
		}
	}
	if !found {
		return nil, errors.New(".ini file does not include supervisorctl section")
	}
	return c, nil
}
