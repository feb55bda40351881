package confload

import "os"

// socket reads the socket of an [fcgi-program:x]. All its processes share it.
func (r *programReader) socket() bool {
	s := &Socket{UID: -1, GID: -1}
	setDefaults(r.loader, fcgiTable, s)
	if !fill(r.loader, fcgiTable, r.sec, s, r.scope, every) {
		return false
	}
	_, hasOwner := r.doc.lookup(r.sec, "socket_owner")
	_, hasMode := r.doc.lookup(r.sec, "socket_mode")
	if s.Network != "unix" {
		if hasOwner || hasMode {
			e, _ := r.doc.lookup(r.sec, "socket")
			r.fail(r.errorAt(r.sec, e, "socket_owner and socket_mode are only for unix sockets, not for a socket like tcp://HOST:PORT"))
			return false
		}
		s.Mode = 0
	}
	if u := r.base.User; s.Network == "unix" && !hasOwner && u != nil && int(u.UID) != os.Getuid() {
		s.UID, s.GID = int(u.UID), int(u.GID)
	}
	r.base.Socket = s
	return true
}
