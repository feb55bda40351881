package server

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gwaycc/supd/ctl/api"
)

// The description of the REST interface (OpenAPI 3.0) is made from the table of routes and from the types of package api.

// object is a JSON object.
type object = map[string]any

// openAPI answers /openapi.json.
func (c *restCall) openAPI() (any, error) {
	return describe(c.server.rest, c.server.config.Release), nil
}

// describe is the OpenAPI document of routes.
func describe(routes []restRoute, version string) object {
	schemas := schemaSet{}
	problem := object{"description": "Why it was refused.", "content": object{"application/problem+json": object{"schema": schemas.of(reflect.TypeFor[api.Problem]())}}}
	paths := object{}
	for i := range routes {
		r := &routes[i]
		path := strings.ReplaceAll(r.path, "...", "")
		item, ok := paths[path].(object)
		if !ok {
			item = object{}
			paths[path] = item
		}
		item[strings.ToLower(r.method)] = r.describe(schemas)
	}
	return object{
		"openapi": "3.0.3",
		"info": object{"title": "supd", "version": version,
			"description": "The REST interface of supd. Every route says which role it is for: read, operate or admin. Requests that change something need Content-Type: application/json where they have a body."},
		"servers":  []object{{"url": restPath}},
		"security": []object{{"password": []string{}}, {"token": []string{}}, {}},
		"paths":    paths,
		"components": object{"schemas": schemas, "responses": object{"Problem": problem}, "securitySchemes": object{
			"password": object{"type": "http", "scheme": "basic", "description": "Name and password, where the server asks for them."},
			"token":    object{"type": "http", "scheme": "bearer", "description": "A token of a user: NAME.SECRET."},
		}},
	}
}

// describe is the operation of one route.
func (r *restRoute) describe(schemas schemaSet) object {
	text := strings.TrimSpace(r.about + " For the role " + string(r.role) + ".")
	op := object{"summary": strings.TrimSuffix(r.summary, "."), "description": text, "operationId": r.id(), "x-role": string(r.role)}
	params := []object{}
	for segment := range strings.SplitSeq(r.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			params = append(params, object{"name": strings.TrimRight(name, ".}"), "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	for _, p := range r.params {
		param := object{"name": p.name, "in": "query", "description": p.help, "schema": object{"type": p.kind}}
		if p.name == r.requires {
			param["required"] = true
		}
		params = append(params, param)
	}
	if r.tagged {
		params = append(params, object{"name": "If-None-Match", "in": "header", "description": "the ETag of an answer that is known", "schema": object{"type": "string"}})
	}
	if r.resumes {
		params = append(params, object{"name": "Last-Event-ID", "in": "header", "description": "of a stream: the id of the last record that is known", "schema": object{"type": "string"}})
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	if r.body != nil {
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": schemas.of(reflect.TypeOf(r.body))}}}
	}
	answer := object{"description": "It is done."}
	switch {
	case r.answer != nil:
		answer["content"] = object{"application/json": object{"schema": schemas.of(reflect.TypeOf(r.answer))}}
	case r.kind != "":
		answer["content"] = object{r.kind: object{"schema": object{}}}
	}
	if r.streams {
		content, _ := answer["content"].(object)
		content[eventStream] = object{"schema": object{"type": "string"}}
	}
	if r.tagged {
		answer["headers"] = object{"ETag": object{"description": "of this answer", "schema": object{"type": "string"}}}
	}
	status := r.status
	if status == 0 {
		status = http.StatusOK
	}
	responses := object{strconv.Itoa(status): answer, "default": object{"$ref": "#/components/responses/Problem"}}
	if r.tagged {
		responses["304"] = object{"description": "It is as in If-None-Match."}
	}
	op["responses"] = responses
	return op
}

// id is a name for the operation in programs that are made from the description.
func (r *restRoute) id() string {
	id := strings.ToLower(r.method)
	for word := range strings.FieldsFuncSeq(r.path, func(c rune) bool { return strings.ContainsRune("/{}-.", c) }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

// A schemaSet is the schemas of types, by name.
type schemaSet map[string]any

// of is the schema of a type; that of a struct with a name is put into the set.
func (s schemaSet) of(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return object{"type": "string", "format": "date-time"}
		}
		if t.Name() == "" {
			return object{"type": "object"}
		}
		if _, known := s[t.Name()]; !known {
			s[t.Name()] = nil // of a type that has itself in it
			s[t.Name()] = s.fields(t)
		}
		return object{"$ref": "#/components/schemas/" + t.Name()}
	}
	return object{"type": "integer", "format": "int64"}
}

func (s schemaSet) fields(t reflect.Type) object {
	properties, required := object{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties[name] = s.of(f.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}
