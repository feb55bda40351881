package events

import "slices"

// A Hub numbers events and gives each to the pools that want it.
type Hub struct {
	pools []*Pool
	next  Serial
}

// NewHub returns a hub without pools. next is the serial of the first event: 0, or the NextSerial of the hub before a
// soft restart.
func NewHub(next Serial) *Hub { return &Hub{next: next} }

// NextSerial is the serial that the next event gets.
func (h *Hub) NextSerial() Serial { return h.next }

// AddPool adds a pool, after those that are there. It takes the place of one of the same name.
func (h *Hub) AddPool(o PoolOptions) *Pool {
	p := NewPool(o)
	if i := h.index(o.Name); i >= 0 {
		h.pools[i] = p
	} else {
		h.pools = append(h.pools, p)
	}
	return p
}

// RemovePool takes a pool away. The events that nobody has acknowledged go with it, which the log tells. An unknown name
// does nothing.
func (h *Hub) RemovePool(name string) []Effect {
	i := h.index(name)
	if i < 0 {
		return nil
	}
	p := h.pools[i]
	h.pools = slices.Delete(h.pools, i, i+1)
	return p.close()
}

// Close removes all pools.
func (h *Hub) Close() (effects []Effect) {
	for len(h.pools) > 0 {
		effects = append(effects, h.RemovePool(h.pools[0].Name())...)
	}
	return effects
}

// Pool returns the pool of a name, nil when there is none.
func (h *Hub) Pool(name string) *Pool {
	if i := h.index(name); i >= 0 {
		return h.pools[i]
	}
	return nil
}

func (h *Hub) index(name string) int {
	return slices.IndexFunc(h.pools, func(p *Pool) bool { return p.Name() == name })
}

// Wanted is the types that some pool is subscribed to: an event of another type need not be made.
func (h *Hub) Wanted() Set {
	var s Set
	for _, p := range h.pools {
		s |= p.options.Events
	}
	return s
}

// Publish gives an event to the pools that want it, in the order in which they were added. It gets a serial only when
// there is one (compat.md §5.2).
func (h *Hub) Publish(ev Event) []Effect {
	var effects []Effect
	serial, taken := h.next, false
	for _, p := range h.pools {
		if !p.Wants(ev.Type) {
			continue
		}
		if !taken {
			h.next, taken = serial.next(), true
		}
		effects = append(effects, p.Accept(ev, serial)...)
	}
	return effects
}
