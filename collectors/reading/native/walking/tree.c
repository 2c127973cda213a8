#include "tree.h"

#include <stdlib.h>
#include <string.h>

#define CAPSULE "dozor.tree"

PyObject *tag_names[KNOWN_TAGS];
PyObject *nothing;

static void free_tree(Tree *tree) {
    for (int64_t number = 0; tree->made && number < tree->walked.elements.count; number++)
        if (tree->made[number]) Py_DecRef(tree->made[number]);
    for (int64_t number = 0; tree->names && number < tree->walked.names.count; number++)
        if (tree->names[number]) Py_DecRef(tree->names[number]);
    free(tree->made);
    free(tree->names);
    free(tree->by_tag);
    free(tree->tag_ends);
    free(tree->by_name);
    free(tree->name_ends);
    forget_called(&tree->called[0]);
    forget_called(&tree->called[1]);
    free(tree->numbers);
    walk_free(&tree->walked);
    if (tree->parser) Py_DecRef(tree->parser);
    free(tree);
}

static void destroy(PyObject *capsule) { free_tree(PyCapsule_GetPointer(capsule, CAPSULE)); }

Tree *tree_of(PyObject *capsule) { return PyCapsule_GetPointer(capsule, CAPSULE); }

/* Rows (what, of which of `kinds`) sorted by kind, each kind's in the order they come: gives where each kind's end. */
static int32_t *sorted_by_kind(int64_t count, int64_t kinds, int32_t *sorted, const int32_t *what, const int32_t *of, int step) {
    int32_t *ends = calloc((size_t)kinds + 1, sizeof *ends), before = 0;
    if (!ends || !sorted) {
        free(ends);
        return 0;
    }
    for (int64_t row = 0; row < count; row++) ends[of[row * step]]++;
    for (int64_t kind = 0; kind < kinds; kind++) { /* where each begins; filling in moves that to its end */
        int32_t size = ends[kind];
        ends[kind] = before;
        before += size;
    }
    for (int64_t row = 0; row < count; row++) sorted[ends[of[row * step]]++] = what ? what[row * step] : (int32_t)row;
    return ends;
}

int64_t next_named(const Tree *tree, const char *wanted, int64_t from) {
    Size length = (Size)strlen(wanted), its = 0;
    for (int64_t name = from; name < tree->walked.names.count; name++) {
        const char *text = PyUnicode_AsUTF8AndSize(tree->names[name], &its);
        if (its == length && text && !memcmp(text, wanted, (size_t)length)) return name;
    }
    return -1;
}

uintptr_t key_of(const Tree *tree, const char *wanted) {
    int64_t name = next_named(tree, wanted, 0);
    return name < 0 ? 0 : tree->walked.names.keys[name];
}

/* What stands in a player is for browsers that cannot play, unless it is structured data. */
static void settle_players(Tree *tree) {
    Elements *elements = &tree->walked.elements;
    int8_t *is_data = 0;
    for (int64_t number = 0; number < elements->count; number++) {
        if (elements->rows[number].tag >= 0) continue;
        if (!is_data) {
            if (!(is_data = calloc((size_t)elements->count, 1))) return;
            for (int64_t name = -1; (name = next_named(tree, "itemprop", name + 1)) >= 0;)
                for (int32_t at = name ? tree->name_ends[name - 1] : 0; at < tree->name_ends[name]; at++) is_data[tree->by_name[at]] = 1;
        }
        elements->rows[number].tag = is_data[number] ? -1 - elements->rows[number].tag : DROPPED;
    }
    free(is_data);
}

static int fill_names(Tree *tree) {
    const Column *attributes = &tree->walked.attributes;
    int64_t count = tree->walked.names.count, rows = attributes->count / ATTRIBUTE_NUMBERS;
    tree->names = calloc((size_t)count + 1, sizeof *tree->names);
    tree->by_name = malloc(((size_t)rows + 1) * sizeof *tree->by_name);
    tree->name_ends = sorted_by_kind(rows, count, tree->by_name, attributes->values, attributes->values + 1, ATTRIBUTE_NUMBERS);
    if (!tree->names || !tree->name_ends) return 0;
    for (int64_t name = 0; name < count; name++) {
        const Node *element = tree->walked.elements.rows[tree->by_name[name ? tree->name_ends[name - 1] : 0]].node;
        const Attribute *attribute = attributes_of(element);
        while (name_of(attribute) != tree->walked.names.keys[name]) attribute = attribute->next;
        if (!(tree->names[name] = name_string(element, attribute, tree->parser))) return 0;
    }
    return 1;
}

static int fill_tags(Tree *tree) {
    const Elements *elements = &tree->walked.elements;
    int32_t *tags = malloc(((size_t)elements->count + 1) * sizeof *tags);
    tree->by_tag = malloc(((size_t)elements->count + 1) * sizeof *tree->by_tag);
    for (int64_t number = 0; tags && number < elements->count; number++)
        tags[number] = elements->rows[number].tag == DROPPED ? KNOWN_TAGS : elements->rows[number].tag;
    if (tags) tree->tag_ends = sorted_by_kind(elements->count, KNOWN_TAGS + 1, tree->by_tag, 0, tags, 1);
    free(tags);
    return tree->tag_ends != 0;
}

PyObject *py_walk(PyObject *module, PyObject *const *arguments, Size count) {
    (void)module;
    if (!has(count, 6)) return 0;
    const Node *root = node_of(arguments[0]);
    const uint8_t *kinds = by_tag_of(arguments[1]);
    if (!root || !kinds) return 0;
    Bounds bounds = {
        (int32_t)PyLong_AsLong(arguments[2]), (int32_t)PyLong_AsLong(arguments[3]), (int32_t)PyLong_AsLong(arguments[4]), PyLong_AsLong(arguments[5]),
    };
    Tree *tree = calloc(1, sizeof *tree);
    if (!tree) return PyErr_NoMemory();
    int ended = walk(root, kinds, &bounds, &tree->walked);
    tree->parser = parser_of(arguments[0]);
    Py_IncRef(tree->parser);
    PyObject *result = 0;
    if (ended == NO_MEMORY) {
        PyErr_NoMemory();
    } else if (ended) {
        result = PyLong_FromLongLong(ended);
    } else if (!(tree->made = calloc((size_t)tree->walked.elements.count, sizeof *tree->made)) || !fill_names(tree)) {
        if (!PyErr_Occurred()) PyErr_NoMemory();
    } else {
        settle_players(tree);
        if (!fill_tags(tree))
            PyErr_NoMemory();
        else if ((result = PyCapsule_New(tree, CAPSULE, destroy)))
            return result;
    }
    free_tree(tree);
    return result;
}

/* An element as readers know it: its node, its tag, its attributes. */
static PyObject *make_element(Tree *tree, int32_t number) {
    const Element *row = &tree->walked.elements.rows[number];
    PyObject *node = new_node(row->node, tree->parser), *tag = tag_names[row->tag], *attributes = 0, *element = 0;
    if (tag != None)
        Py_IncRef(tag);
    else
        tag = node ? PyObject_GetAttrString(node, "tag") : 0;
    if (node && tag && (attributes = attributes_dict(row->node, tree->parser)) && (element = PyTuple_New(3))) {
        PyTuple_SetItem(element, 0, node);
        PyTuple_SetItem(element, 1, tag);
        PyTuple_SetItem(element, 2, attributes);
        return tree->made[number] = element;
    }
    if (node) Py_DecRef(node);
    if (tag) Py_DecRef(tag);
    if (attributes) Py_DecRef(attributes);
    return 0;
}

/* A list of elements, those left out that no reader shall see. */
PyObject *elements_list(Tree *tree, const int32_t *numbers, int64_t count) {
    int64_t seen = 0;
    for (int64_t at = 0; at < count; at++) seen += tree->walked.elements.rows[numbers[at]].tag != DROPPED;
    PyObject *list = PyList_New(seen);
    seen = 0;
    for (int64_t at = 0; list && at < count; at++) {
        if (tree->walked.elements.rows[numbers[at]].tag == DROPPED) continue;
        PyObject *element = tree->made[numbers[at]];
        if (!element && !(element = make_element(tree, numbers[at]))) {
            Py_DecRef(list);
            return 0;
        }
        Py_IncRef(element);
        PyList_SetItem(list, seen++, element);
    }
    return list;
}

/* The numbers that are marked, and their elements; frees the marks. */
PyObject *marked_list(Tree *tree, uint8_t *marks) {
    int64_t count = tree->walked.elements.count, found = 0;
    int32_t *numbers = malloc((size_t)count * sizeof *numbers);
    for (int64_t number = 0; numbers && number < count; number++)
        if (marks[number]) numbers[found++] = (int32_t)number;
    PyObject *list = numbers ? elements_list(tree, numbers, found) : PyErr_NoMemory();
    free(numbers);
    free(marks);
    return list;
}

int tag_range(Tree *tree, PyObject *tag, int32_t *first, int32_t *last) {
    long number = PyLong_AsLong(tag);
    if (!tree || number < 0 || number >= KNOWN_TAGS) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "not the number of a tag");
        return 0;
    }
    *first = number ? tree->tag_ends[number - 1] : 0;
    *last = tree->tag_ends[number];
    return 1;
}

const Attribute *attribute_named(const Tree *tree, int32_t element, int64_t name) {
    const Attribute *attribute = attributes_of(tree->walked.elements.rows[element].node);
    while (name_of(attribute) != tree->walked.names.keys[name]) attribute = attribute->next;
    return attribute;
}
