/* What is called of Python: functions of its stable interface, which no version takes back. They are declared here because many
 * machines that have Python do not have its headers. */
#ifndef DOZOR_PYTHON_H
#define DOZOR_PYTHON_H

#include <stdint.h>
#include <wchar.h>

typedef intptr_t Size;
typedef struct {
    Size references;
    void *type;
} PyObject;
typedef PyObject *Function(PyObject *module, PyObject *const *arguments, Size count);
typedef struct {
    const char *name;
    Function *function;
    int flags;
    const char *doc;
} PyMethodDef;
typedef struct {
    PyObject head;
    PyObject *(*init)(void);
    Size index;
    PyObject *copy;
    const char *name, *doc;
    Size size;
    PyMethodDef *methods;
    void *slots, *traverse, *clear, *free;
} PyModuleDef;
enum { METH_FASTCALL = 0x80, PYTHON_ABI = 3, Py_tp_new = 65 };

extern PyObject _Py_NoneStruct;
extern PyObject *PyExc_MemoryError, *PyExc_TypeError, *PyExc_ValueError;
void Py_IncRef(PyObject *);
void Py_DecRef(PyObject *);
PyObject *PyModule_Create2(PyModuleDef *, int abi);
PyObject *PyErr_NoMemory(void);
void PyErr_SetString(PyObject *kind, const char *text);
PyObject *PyErr_Occurred(void);
void PyErr_Clear(void);
PyObject *PyCapsule_New(void *, const char *name, void (*destroy)(PyObject *));
void *PyCapsule_GetPointer(PyObject *, const char *name);
PyObject *PyObject_GetAttrString(PyObject *, const char *name);
PyObject *PyObject_CallFunctionObjArgs(PyObject *, ...);
void *PyType_GetSlot(void *type, int slot);
PyObject *PyLong_FromLongLong(long long);
long PyLong_AsLong(PyObject *);
size_t PyLong_AsSize_t(PyObject *);
PyObject *PyUnicode_DecodeUTF8(const char *, Size, const char *errors);
PyObject *PyUnicode_FromWideChar(const wchar_t *, Size);
PyObject *PyUnicode_Substring(PyObject *, Size first, Size end);
PyObject *PyUnicode_InternFromString(const char *);
const char *PyUnicode_AsUTF8AndSize(PyObject *, Size *);
PyObject *PyBytes_FromStringAndSize(const char *, Size);
int PyBytes_AsStringAndSize(PyObject *, char **, Size *);
PyObject *PyByteArray_FromStringAndSize(const char *, Size);
char *PyByteArray_AsString(PyObject *);
PyObject *PyTuple_New(Size);
PyObject *PyTuple_GetItem(PyObject *, Size);
int PyTuple_SetItem(PyObject *, Size, PyObject *);
PyObject *PyList_New(Size);
Size PyList_Size(PyObject *);
PyObject *PyList_GetItem(PyObject *, Size);
int PyList_SetItem(PyObject *, Size, PyObject *);
int PyList_Append(PyObject *, PyObject *);
PyObject *PyDict_New(void);
PyObject *PyDict_GetItemWithError(PyObject *, PyObject *key);
int PyDict_SetItem(PyObject *, PyObject *key, PyObject *value);
int PyDict_Next(PyObject *, Size *, PyObject **key, PyObject **value);

_Static_assert(sizeof(wchar_t) == sizeof(uint32_t), "texts are handed over as code points");

#endif
