#include "address.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

/* The name of an attribute as the page's elements have it; 0 where none has. */
static uintptr_t key_of(const Tree *tree, const char *wanted) {
    int64_t name = next_named(tree, wanted, 0);
    return name < 0 ? 0 : tree->walked.names.keys[name];
}

/* The value of an attribute; 0 for none. */
static const String *value_of(const Node *element, uintptr_t key) {
    const Attribute *attribute = key ? attributes_of(element) : 0;
    while (attribute && name_of(attribute) != key) attribute = attribute->next;
    return attribute && attribute->value && attribute->value->data ? attribute->value : 0;
}

/* What a link without text is called: its own label, else that of its first picture that has one. */
static const String *label_of(const Node *link, uintptr_t image, uintptr_t title, uintptr_t label, uintptr_t alt) {
    const String *said = value_of(link, title);
    if (!said || !said->length) said = value_of(link, label);
    if (said && said->length) return said;
    for (const Node *below = next_below(link, link); alt && below; below = next_below(below, link)) {
        if (below->type != ELEMENT || below->name != image) continue;
        const Attribute *attribute = attributes_of(below);
        while (attribute && name_of(attribute) != alt) attribute = attribute->next;
        if (attribute) return value_of(below, alt);
    }
    return 0;
}

/* The address a link leads to, where it is spelt as it is; else None. */
static PyObject *target_of(const String *href, const char *origin, size_t origin_length) {
    size_t length;
    int kind = plain_address(href, &length);
    if (kind == ABSOLUTE) return string_of(href->data, length);
    if (kind == NOT_PLAIN || !origin_length) {
        Py_IncRef(None);
        return None;
    }
    unsigned char own[512], *joined = origin_length + length <= sizeof own ? own : malloc(origin_length + length);
    if (!joined) return PyErr_NoMemory();
    memcpy(joined, origin, origin_length);
    memcpy(joined + origin_length, href->data, length);
    PyObject *target = string_of(joined, origin_length + length);
    if (joined != own) free(joined);
    return target;
}

/* Links of the page: where they lead to or None, href, rel or None, and the text in one line, `most` characters of it. */
PyObject *py_links(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 6)) return 0;
    Tree *tree = tree_of(arguments[0]);
    Size origin_length = 0;
    const char *origin = PyUnicode_AsUTF8AndSize(arguments[5], &origin_length);
    uintptr_t image = PyLong_AsSize_t(arguments[2]);
    long most_links = PyLong_AsLong(arguments[3]), most = PyLong_AsLong(arguments[4]);
    int32_t first, last;
    if (PyErr_Occurred() || !tag_range(tree, arguments[1], &first, &last)) return 0;
    uintptr_t href = key_of(tree, "href"), rel = key_of(tree, "rel"), alt = key_of(tree, "alt"), title = key_of(tree, "title"),
              label = key_of(tree, "aria-label");
    PyObject *list = PyList_New(0);
    for (int32_t at = first; list && at < last && at - first < most_links; at++) {
        const Node *node = tree->walked.elements.rows[tree->by_tag[at]].node;
        const String *target = value_of(node, href), *said = value_of(node, rel);
        if (!target || !target->length) continue;
        Line line;
        line_start(&line);
        line_of(&line, node, most);
        const String *named = line.count ? 0 : label_of(node, image, title, label, alt);
        if (named) line_add(&line, named);
        PyObject *address = target_of(target, origin, (size_t)origin_length);
        PyObject *parts[] = {
            address, address == None ? string_of(target->data, target->length) : None, said ? string_of(said->data, said->length) : None,
            line_string(&line, most),
        };
        enum { PARTS = sizeof parts / sizeof *parts };
        for (int part = 1; part < PARTS; part++)
            if (parts[part] == None) Py_IncRef(None);
        line_end(&line);
        PyObject *link = PyTuple_New(PARTS);
        int failed = !link;
        for (int part = 0; part < PARTS; part++) {
            failed |= !parts[part];
            if (link && parts[part])
                PyTuple_SetItem(link, part, parts[part]);
            else if (parts[part])
                Py_DecRef(parts[part]);
        }
        failed = failed || PyList_Append(list, link);
        if (link) Py_DecRef(link);
        if (failed) {
            Py_DecRef(list);
            list = 0;
        }
    }
    return list;
}
