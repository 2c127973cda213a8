#include "address.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

/* The value of an attribute; 0 for none. */
static const String *value_of(const Node *element, uintptr_t key) {
    const Attribute *attribute = key ? attributes_of(element) : 0;
    while (attribute && name_of(attribute) != key) attribute = attribute->next;
    return attribute && attribute->value && attribute->value->data ? attribute->value : 0;
}

/* A tag, and names of attributes as the page's elements have them; 0 for none. */
typedef struct {
    uintptr_t image, href, rel, alt, title, label;
} Keys;

/* What a link without text is called: its own label, else that of its first picture that has one. */
static const String *label_of(const Node *link, const Keys *keys) {
    const String *said = value_of(link, keys->title);
    if (!said || !said->length) said = value_of(link, keys->label);
    if (said && said->length) return said;
    for (const Node *below = next_below(link, link); keys->alt && below; below = next_below(below, link)) {
        if (below->type != ELEMENT || below->name != keys->image) continue;
        const Attribute *attribute = attributes_of(below);
        while (attribute && name_of(attribute) != keys->alt) attribute = attribute->next;
        if (attribute) return value_of(below, keys->alt);
    }
    return 0;
}

typedef struct {
    Keys keys;
    const char *origin; /* of the page, or "" */
    Size origin_length;
    PyObject *join; /* gives the address of a href that is not plain, or None */
    long most_links, most_text;
} Asked;

/* The beginning of what a link is called, in one line; `nothing` itself for one without a name. */
static PyObject *text_of(const Node *link, const Asked *asked) {
    Line line;
    line_start(&line);
    line_of(&line, link, asked->most_text);
    const String *label = line.count ? 0 : label_of(link, &asked->keys);
    if (label) line_add(&line, label);
    PyObject *text = line.count || line.failed ? line_string(&line, asked->most_text) : nothing;
    if (text == nothing) Py_IncRef(nothing);
    line_end(&line);
    return text;
}

/* The address a link leads to, or None. */
static PyObject *target_of(const String *href, const Asked *asked) {
    size_t length, before = (size_t)asked->origin_length;
    int kind = plain_address(href, &length);
    if (kind == ABSOLUTE) return string_of(href->data, length);
    if (kind == NOT_PLAIN || !before) {
        PyObject *text = string_of(href->data, href->length), *target = text ? PyObject_CallFunctionObjArgs(asked->join, text, (PyObject *)0) : 0;
        if (text) Py_DecRef(text);
        return target;
    }
    unsigned char own[512], *joined = before + length <= sizeof own ? own : malloc(before + length);
    if (!joined) return PyErr_NoMemory();
    memcpy(joined, asked->origin, before);
    memcpy(joined + before, href->data, length);
    PyObject *target = string_of(joined, before + length);
    if (joined != own) free(joined);
    return target;
}

/* Addresses with their places in the lists of texts and rels. */
typedef struct {
    PyObject *places, *texts, *rels;
} Found;

static int add_address(const Found *found, PyObject *address, const String *rel) {
    PyObject *place = PyLong_FromLongLong(PyList_Size(found->texts)), *its_rel = rel ? string_of(rel->data, rel->length) : None;
    int failed = !place || !its_rel || PyDict_SetItem(found->places, address, place) || PyList_Append(found->texts, nothing) ||
                 PyList_Append(found->rels, its_rel);
    if (place) Py_DecRef(place);
    if (rel && its_rel) Py_DecRef(its_rel);
    return !failed;
}

/* An address is listed once, with the first text that a link to it has. 0 with an exception. */
static int add_link(const Found *found, PyObject *address, const Node *link, const Asked *asked) {
    PyObject *place = PyDict_GetItemWithError(found->places, address);
    Size number = place ? PyLong_AsLong(place) : PyList_Size(found->texts);
    if (!place && (PyErr_Occurred() || !add_address(found, address, value_of(link, asked->keys.rel)))) return 0;
    if (!asked->most_text || PyList_GetItem(found->texts, number) != nothing) return 1;
    PyObject *text = text_of(link, asked);
    return text && !PyList_SetItem(found->texts, number, text);
}

/* Whether an address is one more than so many. */
static int is_beyond(const Found *found, PyObject *address, const Asked *asked) {
    return PyList_Size(found->texts) >= asked->most_links && !PyDict_GetItemWithError(found->places, address) && !PyErr_Occurred();
}

static int find_links(const Tree *tree, const int32_t *numbers, int64_t count, const Asked *asked, const Found *found) {
    int done = 1, is_full = 0;
    for (int64_t at = 0; done && !is_full && at < count; at++) {
        const Node *link = tree->walked.elements.rows[numbers[at]].node;
        const String *href = value_of(link, asked->keys.href);
        if (!href || !href->length) continue;
        PyObject *address = target_of(href, asked);
        is_full = address && address != None && is_beyond(found, address, asked);
        done = address && (address == None || is_full || add_link(found, address, link, asked));
        if (address) Py_DecRef(address);
    }
    return done;
}

/* The links of a page, each address once. */
PyObject *py_links(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 8)) return 0;
    Tree *tree = tree_of(arguments[0]);
    uintptr_t image = PyLong_AsSize_t(arguments[2]);
    long most = PyLong_AsLong(arguments[3]);
    Asked asked = {.most_links = PyLong_AsLong(arguments[4]), .most_text = PyLong_AsLong(arguments[5]), .join = arguments[7]};
    asked.origin = PyUnicode_AsUTF8AndSize(arguments[6], &asked.origin_length);
    int32_t first, last;
    if (PyErr_Occurred() || !tag_range(tree, arguments[1], &first, &last)) return 0;
    asked.keys = (Keys){
        image, key_of(tree, "href"), key_of(tree, "rel"), key_of(tree, "alt"), key_of(tree, "title"), key_of(tree, "aria-label"),
    };
    PyObject *parts[] = {PyDict_New(), PyList_New(0), PyList_New(0)};
    Found found = {parts[0], parts[1], parts[2]};
    int done = parts[0] && parts[1] && parts[2] &&
               find_links(tree, tree->by_tag + first, last - first < most ? last - first : most, &asked, &found);
    PyObject *all = tuple_of(parts, 3);
    if (done) return all;
    if (all) Py_DecRef(all);
    return 0;
}
