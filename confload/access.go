package confload

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gwaycc/supd/confload/credential"
)

// Role is what somebody may do. Each includes those after it.
type Role int

// The roles. The first one is what everybody has with supervisord.
const (
	RoleAdmin   Role = iota // change which programs there are, end supd
	RoleOperate             // start, stop and signal programs
	RoleRead                // look
)

// An Account is a [user:NAME] section: somebody who may use servers.
type Account struct {
	Name     string
	Password string // as stored; "" none; never log it
	Token    string // as stored; "" none; never log it
	Role     Role
	Servers  []string // sections of servers; nil: all inet servers
}

// UsedAt tells whether an account counts at a server.
func (a *Account) UsedAt(s *Server) bool {
	if a.Servers == nil {
		return s.Network == "tcp"
	}
	return slices.Contains(a.Servers, s.Section)
}

var roleType = words[Role]("admin", "operate", "read")

// credentialType is the type of passwords and tokens of users.
var credentialType = valueType[string]{
	name: "credential", allowed: credential.Forms,
	parse: func(_ *loader, s string) (string, error) {
		return s, credential.Check(s)
	},
	same: equal[string],
}

// idsType is the type of lists of numeric user or group ids, or names.
func idsType(what string, look func(l *loader, s string) (int, error)) valueType[[]int] {
	return valueType[[]int]{
		name: "list", allowed: what + " by name or number, with commas between them",
		parse: func(l *loader, s string) ([]int, error) {
			var ids []int
			for part := range strings.SplitSeq(s, ",") {
				id, err := look(l, strings.TrimFunc(part, isSpace))
				if err != nil {
					return nil, err
				}
				ids = append(ids, id)
			}
			return ids, nil
		},
		same: slices.Equal[[]int],
	}
}

var uidsType = idsType("accounts", func(l *loader, s string) (int, error) {
	if id, err := strconv.ParseUint(s, 10, 31); err == nil {
		return int(id), nil // it need not exist here
	}
	u, err := l.user(s)
	if err != nil {
		return 0, err
	}
	return int(u.UID), nil
})

var gidsType = idsType("groups", func(l *loader, s string) (int, error) {
	if id, err := strconv.ParseUint(s, 10, 31); err == nil {
		return int(id), nil
	}
	return l.gid(s)
})

// hostsType is the type of lists of names of hosts.
var hostsType = valueType[[]string]{
	name: "list", allowed: "names of hosts with commas between them, without ports",
	parse: func(_ *loader, s string) ([]string, error) {
		var hosts []string
		for part := range strings.SplitSeq(strings.ToLower(s), ",") {
			host := strings.TrimFunc(part, isSpace)
			if host == "" || strings.ContainsAny(host, "/ \t") || strings.Contains(host, ":") && net.ParseIP(strings.Trim(host, "[]")) == nil {
				return nil, fmt.Errorf("%s is no name of a host", quoted(host))
			}
			hosts = append(hosts, strings.Trim(host, "[]"))
		}
		return hosts, nil
	},
	same: slices.Equal[[]string],
}

var userTable = tableOf("user",
	bind(onlySupd(Option{Name: "password", Effect: EffectDaemon, secret: true, Example: "SECRET",
		Help: "The password, as " + credential.Forms + "."}, "supervisord has one name and password for each server"),
		credentialType, func(a *Account) *string { return &a.Password }),
	bind(onlySupd(Option{Name: "token", Effect: EffectDaemon, secret: true, Example: "example.SECRET",
		Help: "A token for programs (Authorization: Bearer NAME.SECRET), in the same forms; what is stored is the whole token, with the name."}, "supervisord has no tokens"),
		credentialType, func(a *Account) *string { return &a.Token }),
	bind(onlySupd(Option{Name: "role", Default: "read", Effect: EffectDaemon,
		Help: "What the user may do: look; operate programs as well, that is start, stop, restart, signal, write to their input and clear their logs; or everything."}, "whoever may use supervisord may do everything"),
		roleType, func(a *Account) *Role { return &a.Role }),
	bind(onlySupd(Option{Name: "servers", Computed: "all inet servers", Effect: EffectDaemon, Example: "inet_http_server",
		Help: "The sections of the servers that the user may use, with commas between them. A server that somebody may use asks everybody for a name and password, or a token."}, "see password"),
		listType, func(a *Account) *[]string { return &a.Servers }),
)

// onlySupd is an option that supervisord does not have.
func onlySupd(o Option, note string) Option {
	o.Peer, o.PeerNote = PeerOnlySupd, note
	return o
}

// roleOfServer and requireAuth are options that servers of both kinds have.
func roleOfServer() binding[Server] {
	return bind(onlySupd(Option{Name: "role", Default: "admin", Effect: EffectDaemon,
		Help: "The most that anybody may do at this server, whoever it is: with read nothing can be changed."}, "whoever may use supervisord may do everything"),
		roleType, func(s *Server) *Role { return &s.Role })
}

func requireAuth() binding[Server] {
	return bind(onlySupd(Option{Name: "require_auth", Default: "false", Effect: EffectDaemon,
		Help: "Whether a configuration is refused in which this server lets everybody in, without a name and password, a token or a certificate."}, "supervisord only warns"),
		boolType, func(s *Server) *bool { return &s.RequireAuth })
}

// peerOptions are those of unix sockets about who connects.
func peerOptions() []binding[Server] {
	note := "supervisord has the permissions of the socket only"
	return []binding[Server]{
		bind(onlySupd(Option{Name: "allow_uids", Effect: EffectDaemon, Example: "root,1001",
			Help: "Accounts whose processes may use the socket, besides root and that of supd; those of allow_gids may as well. Linux only."}, note),
			uidsType, func(s *Server) *[]int { return &s.AllowUIDs }),
		bind(onlySupd(Option{Name: "allow_gids", Effect: EffectDaemon, Example: "root,4",
			Help: "Groups whose processes may use the socket: those that have it as their own or as a further group. Linux only."}, note),
			gidsType, func(s *Server) *[]int { return &s.AllowGIDs }),
	}
}

// networkOptions are those of inet servers about who connects, and how.
func networkOptions() []binding[Server] {
	note := "supervisord speaks plain HTTP only"
	return []binding[Server]{
		bind(onlySupd(Option{Name: "nodename", Computed: "the name of the host", Effect: EffectDaemon, Example: "node-1",
			Help: "The name of this supd on its page and in /program/list; that of the first server that has one counts."}, "supervisord knows no others"),
			nameType, func(s *Server) *string { return &s.NodeName }),
		bind(onlySupd(Option{Name: "remotes", Effect: EffectDaemon, secret: true, Example: "node-2:192.0.2.2:9001,node-3:https://ann:secret@192.0.2.3:9001",
			Help: "Other supds that the page, supd ctl top and /api/v1/nodes of all servers show with this one, and pass actions on to. One with the name of this node is left out, so that all nodes can have the same list. What another node has as its remotes is not asked for."},
			"supervisord knows no others"),
			remotesType, func(s *Server) *[]Remote { return &s.Remotes }),
		bind(onlySupd(Option{Name: "remotes_ca", Effect: EffectDaemon, Example: "/etc/supd/ca.crt",
			Help: "Authorities (PEM) that may have signed the certificates of remotes with https://, besides those of the system. A remote that asks for a certificate is given tls_cert."}, note),
			filePathType, func(s *Server) *string { return &s.RemotesCAFile }),
		bind(onlySupd(Option{Name: "allowed_hosts", Effect: EffectDaemon, Example: "supd.example.com",
			Help: "Names by which browsers may call this server, besides IP addresses and localhost; others are refused, so that no other site can make its name lead here."}, "supervisord takes any"),
			hostsType, func(s *Server) *[]string { return &s.AllowedHosts }),
		bind(onlySupd(Option{Name: "tls_cert", Effect: EffectDaemon, Example: "/etc/supd/server.crt",
			Help: "The certificate (PEM, with those between it and its authority) for HTTPS; tls_key must be given as well. It is read at the start and at each soft restart."}, note),
			filePathType, func(s *Server) *string { return &s.TLSCert }),
		bind(onlySupd(Option{Name: "tls_key", Effect: EffectDaemon, Example: "/etc/supd/server.key",
			Help: "The private key of tls_cert (PEM)."}, note),
			filePathType, func(s *Server) *string { return &s.TLSKey }),
		bind(onlySupd(Option{Name: "tls_client_ca", Effect: EffectDaemon, Example: "/etc/supd/clients.crt",
			Help: "Authorities (PEM) one of which must have signed the certificate of a client; nobody else may connect. The common name is the name of the user: with a [user:NAME] section the client " +
				"has its role, without one that of the server."}, note),
			filePathType, func(s *Server) *string { return &s.TLSClientCA }),
	}
}

// accounts reads the [user:NAME] sections and checks who may use which server.
func (l *loader) accounts() {
	for _, sec := range l.sectionsOf("user") {
		a := Account{Name: sectionName(sec.name)}
		setDefaults(l, userTable, &a)
		if !fill(l, userTable, sec, &a, l.scope(), every) {
			continue
		}
		switch {
		case a.Name == "" || strings.ContainsAny(a.Name, ".: \t"):
			l.fail(l.errorAt(sec, nil, fmt.Sprintf("%s is no name of a user: it is not empty and has no dot, colon or space", quoted(a.Name))))
			continue
		case slices.ContainsFunc(l.config.Accounts, func(b Account) bool { return b.Name == a.Name }):
			l.fail(l.errorAt(sec, nil, fmt.Sprintf("there are two users %s", quoted(a.Name))))
			continue
		}
		isHash := strings.HasPrefix(a.Token, "$") || strings.HasPrefix(a.Token, "{SHA}")
		if e, _ := l.doc.lookup(sec, "token"); a.Token != "" && !isHash && !strings.HasPrefix(a.Token, a.Name+".") {
			l.fail(l.errorAt(sec, e, fmt.Sprintf("the token of a user begins with the name and a dot: %s.SECRET", a.Name)))
		}
		for _, name := range a.Servers {
			if !slices.ContainsFunc(l.config.Servers, func(s Server) bool { return s.Section == name }) {
				e, _ := l.doc.lookup(sec, "servers")
				l.fail(l.errorAt(sec, e, fmt.Sprintf("there is no server [%s] (allowed: %s)", name, strings.Join(l.serverNames(), ", "))))
			}
		}
		l.config.Accounts = append(l.config.Accounts, a)
	}
	for i := range l.config.Servers {
		l.checkAccess(&l.config.Servers[i])
	}
}

func (l *loader) serverNames() []string {
	var names []string
	for i := range l.config.Servers {
		names = append(names, l.config.Servers[i].Section)
	}
	return names
}

// checkAccess checks what a server's options about access say together.
func (l *loader) checkAccess(s *Server) {
	sec := l.doc.sections[s.Section]
	at := func(option string) *entry {
		e, _ := l.doc.lookup(sec, option)
		return e
	}
	for i := range l.config.Accounts {
		if a := &l.config.Accounts[i]; a.UsedAt(s) && a.Password == "" && a.Token == "" && s.TLSClientCA == "" {
			l.warnUser(a.Name, s.Section)
		}
	}
	known := s.HasAuth && s.Password != "" || s.TLSClientCA != "" || s.AllowUIDs != nil || s.AllowGIDs != nil ||
		slices.ContainsFunc(l.config.Accounts, func(a Account) bool { return a.UsedAt(s) })
	if s.RequireAuth && !known {
		l.fail(l.errorAt(sec, at("require_auth"), fmt.Sprintf("[%s] lets everybody in, which require_auth forbids; set username and password, or add a [user:NAME] section", s.Section)))
	}
	if s.RemotesCAFile != "" {
		if err := s.readRemotesCA(); err != nil {
			l.fail(l.errorAt(sec, at("remotes_ca"), fmt.Sprintf("[%s] cannot use remotes_ca: %v", s.Section, err)))
		}
	}
	switch {
	case (s.TLSCert == "") != (s.TLSKey == ""):
		l.fail(l.errorAt(sec, nil, fmt.Sprintf("[%s] needs both tls_cert and tls_key, or none", s.Section)))
	case s.TLSClientCA != "" && s.TLSCert == "":
		l.fail(l.errorAt(sec, at("tls_client_ca"), fmt.Sprintf("[%s] has tls_client_ca, which needs tls_cert and tls_key", s.Section)))
	case s.TLSCert != "":
		if err := s.readTLS(); err != nil {
			l.fail(l.errorAt(sec, at("tls_cert"), fmt.Sprintf("[%s] cannot use TLS: %v", s.Section, err)))
		}
	}
}

// warnUser tells of a user who cannot log in at a server.
func (l *loader) warnUser(name, server string) {
	sec := l.doc.sections["user:"+name]
	if sec == nil {
		return
	}
	l.say(Message{Level: Warn, File: sec.at.file, Line: sec.at.line, Section: sec.name,
		Text: fmt.Sprintf("the user %s has neither password nor token, and [%s] asks for no certificate: nobody can log in by that name there", name, server)})
}

// readTLS reads the certificates of a server.
func (s *Server) readTLS() error {
	pair, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return err
	}
	s.Certificate = &pair
	if s.TLSClientCA == "" {
		return nil
	}
	pem, err := os.ReadFile(s.TLSClientCA)
	if err != nil {
		return err
	}
	s.ClientCAs = x509.NewCertPool()
	if !s.ClientCAs.AppendCertsFromPEM(pem) {
		return errors.New("there is no certificate in " + s.TLSClientCA)
	}
	return nil
}
