#include "pieces.h"

#include "text.h"

enum { PLAIN, SILENT, MARKED };

static int is_blank(const String *text) {
    for (size_t at = 0; at < text->length; at++)
        if (text->data[at] != ' ' && (text->data[at] < 9 || text->data[at] > 13 || text->data[at] == '\v')) return 0;
    return 1;
}

static long characters_of(const String *text) {
    long characters = 0;
    for (size_t at = 0; at < text->length; at++) characters += (text->data[at] & 0xc0) != 0x80;
    return characters;
}

/* Appends what was made for it; 0 when that or this failed. */
static int append(PyObject *list, PyObject *made) {
    int failed = !made || PyList_Append(list, made);
    if (made) Py_DecRef(made);
    return !failed;
}

static PyObject *mark(const Node *node, Size pieces) {
    PyObject *pair = PyTuple_New(2);
    if (pair) PyTuple_SetItem(pair, 0, PyLong_FromLongLong((long long)(uintptr_t)node));
    if (pair) PyTuple_SetItem(pair, 1, PyLong_FromLongLong(pieces));
    return pair;
}

static int add_piece(const Node *node, const PieceBounds *bounds, PyObject *texts, PyObject *places) {
    const String *text = text_in(node);
    if (text->length > 4 * (size_t)bounds->source || characters_of(text) > bounds->source) return 1;
    Line line;
    line_start(&line);
    line_add(&line, text);
    int done = !line.failed;
    if (done && line.count && line.characters <= bounds->length)
        done = append(texts, string_of(line.bytes, line.count)) && append(places, PyLong_FromLongLong((long long)(uintptr_t)node));
    line_end(&line);
    return done;
}

static int gather(const Node *outer, const uint8_t *kinds, const PieceBounds *bounds, PyObject *texts, PyObject *places, PyObject *marks) {
    int is_silent = 0;
    long nodes = 0;
    for (const Node *node = outer; node; node = next_below(node, outer)) {
        if (node->type == TEXT) {
            if (is_blank(text_in(node))) continue;
            if (!is_silent && !add_piece(node, bounds, texts, places)) return 0;
            is_silent = 0;
            nodes++;
            if (PyList_Size(texts) >= bounds->pieces) return 1;
            continue;
        }
        int kind = node->name < 256 ? kinds[node->name] : PLAIN;
        is_silent = kind == SILENT;
        if (kind == MARKED && !append(marks, mark(node, PyList_Size(texts)))) return 0;
        if (nodes++ > bounds->nodes) return 1;
    }
    return 1;
}

PyObject *pieces_of(const Node *outer, const uint8_t *kinds, const PieceBounds *bounds) {
    PyObject *parts[] = {PyList_New(0), PyList_New(0), PyList_New(0)};
    int done = parts[0] && parts[1] && parts[2] && gather(outer, kinds, bounds, parts[0], parts[1], parts[2]);
    PyObject *all = tuple_of(parts, 3);
    if (done) return all;
    if (all) Py_DecRef(all);
    return PyErr_Occurred() ? 0 : PyErr_NoMemory();
}

PyObject *texts_of(const Node *outer, const uint8_t *kinds, long most_nodes, long most_characters) {
    PyObject *texts = PyList_New(0);
    int is_silent = 0;
    long nodes = 0;
    for (const Node *node = outer; texts && node; node = next_below(node, outer)) {
        const String *text = node->type == TEXT && !is_silent ? text_in(node) : 0;
        is_silent = node->name < 256 && kinds[node->name] == SILENT;
        if (nodes++ > most_nodes || (text && characters_of(text) > most_characters)) {
            Py_DecRef(texts);
            Py_IncRef(None);
            return None;
        }
        if (text && !append(texts, string_of(text->data, text->length))) {
            Py_DecRef(texts);
            return 0;
        }
    }
    return texts;
}
