/*
 * Macros over lists of arguments, for the parts of the SDK that take any number of things of many types.
 * Not for plugins. Up to sixteen arguments; more is an error of the compiler ("too many arguments").
 */
#ifndef MAPWRIGHT_EACH_H
#define MAPWRIGHT_EACH_H

#define MW_STRINGIFY_(x) #x
#define MW_STRINGIFY(x) MW_STRINGIFY_(x)

/* The place of a call in the author's source, as one constant: what a panic says. */
#define MW_HERE __FILE__ ":" MW_STRINGIFY(__LINE__)

#define MW_PICK_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, picked, ...) picked
#define MW_COUNT(...) MW_PICK_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)

#define MW_EACH_1(f, a) f(a)
#define MW_EACH_2(f, a, ...) f(a), MW_EACH_1(f, __VA_ARGS__)
#define MW_EACH_3(f, a, ...) f(a), MW_EACH_2(f, __VA_ARGS__)
#define MW_EACH_4(f, a, ...) f(a), MW_EACH_3(f, __VA_ARGS__)
#define MW_EACH_5(f, a, ...) f(a), MW_EACH_4(f, __VA_ARGS__)
#define MW_EACH_6(f, a, ...) f(a), MW_EACH_5(f, __VA_ARGS__)
#define MW_EACH_7(f, a, ...) f(a), MW_EACH_6(f, __VA_ARGS__)
#define MW_EACH_8(f, a, ...) f(a), MW_EACH_7(f, __VA_ARGS__)
#define MW_EACH_9(f, a, ...) f(a), MW_EACH_8(f, __VA_ARGS__)
#define MW_EACH_10(f, a, ...) f(a), MW_EACH_9(f, __VA_ARGS__)
#define MW_EACH_11(f, a, ...) f(a), MW_EACH_10(f, __VA_ARGS__)
#define MW_EACH_12(f, a, ...) f(a), MW_EACH_11(f, __VA_ARGS__)
#define MW_EACH_13(f, a, ...) f(a), MW_EACH_12(f, __VA_ARGS__)
#define MW_EACH_14(f, a, ...) f(a), MW_EACH_13(f, __VA_ARGS__)
#define MW_EACH_15(f, a, ...) f(a), MW_EACH_14(f, __VA_ARGS__)
#define MW_EACH_16(f, a, ...) f(a), MW_EACH_15(f, __VA_ARGS__)
#define MW_EACH_NAME__(n) MW_EACH_##n
#define MW_EACH_NAME_(n) MW_EACH_NAME__(n)
#define MW_EACH_ARGUMENT(f, ...) MW_EACH_NAME_(MW_COUNT(__VA_ARGS__))(f, __VA_ARGS__)

#endif
