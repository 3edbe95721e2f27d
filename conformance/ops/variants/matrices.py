"""Matrix products, equations, bands and diagonals."""
import numpy as np

from .family import family

EQUATIONS = ("ij,jk->ik", "bij,bjk->bik", "ij->ji", "ii->i", "ij->", "ij,ij->", "i,j->ij", "...ij,...jk->...ik", "bhqd,bhkd->bhqk", "abc,cd->abd", "abc,cde->abde", "abcd,cde->abe", "bqhd,bkhd->bhqk", "bhqk,bkhd->bqhd", "ijk->kji", "ijk,ijk->ik", "bij->b")
# Of half floats TensorFlow's own product of a matrix and a vector is wrong.
VECTOR = ("ij,j->i", "...i,i->...")


@family("MatMul", rounds=6)
def product(d):
    m, k, n = d.size(), d.size(empty=0.1), d.size()
    ta, tb = d.flip(0.3), d.flip(0.3)
    a, b = d.values((k, m) if ta else (m, k), edges=0), d.values((n, k) if tb else (k, n), edges=0)
    return d.call(d.tensor(a), d.tensor(b, constant=0.5), transpose_a=ta, transpose_b=tb)


@family("BatchMatMul BatchMatMulV2", rounds=5)
@family("BatchMatMulV3", attr="Ta", rounds=5)
def products(d):
    m, k, n = d.size(), d.size(empty=0.1), d.size()
    x, y = [tuple(max(size, 1) for size in shape) for shape in d.broadcast_shapes(high=2)] if d.op != "BatchMatMul" else [d.shape(1, 2)] * 2
    ta, tb = d.flip(0.3), d.flip(0.3)
    a = d.values((*x, *((k, m) if ta else (m, k))), edges=0)
    b = d.values((*y, *((n, k) if tb else (k, n))), edges=0)
    out = {"Tout": d.dtype} if d.op == "BatchMatMulV3" else {}
    return d.call(d.tensor(a), d.tensor(b, constant=0.4), adj_x=ta, adj_y=tb, **out)


@family("Einsum", rounds=12)
def equation(d):
    text = d.pick(*EQUATIONS, *(VECTOR if d.dtype != np.float16 else ()))
    sizes = {letter: d.size() for letter in "abcdeijkhqn"}
    front = d.shape(0, 2)
    shapes = []
    for part in text.split("->")[0].split(","):
        around = front if "..." in part else ()
        shapes.append((*around, *(sizes[letter] for letter in part.replace("...", ""))))
    return d.call([d.tensor(d.values(shape, edges=0)) for shape in shapes], equation=text)


@family("MatrixBandPart", rounds=3)
def band(d):
    shape = (*d.shape(0, 2), d.size(), d.size())
    kind = d.index_type()
    keep = [d.parameter(d.integer(-1, size), kind) for size in shape[-2:]]
    return d.call(d.tensor(d.values(shape)), *keep)


def diagonal_of(d, rows, columns):
    """Which diagonal(s), and how long the longest is."""
    low = d.integer(1 - rows, columns - 1)
    high = d.integer(low, columns - 1) if d.flip(0.3) else low
    longest = min(rows + min(high, 0), columns - max(low, 0))
    return (low, high), longest


@family("MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3", rounds=3)
def diagonal_part(d):
    rows, columns = d.integer(1, 5), d.integer(1, 5)
    x = d.tensor(d.values((*d.shape(0, 2), rows, columns)))
    if d.op == "MatrixDiagPart":
        return d.call(x)
    (low, high), _ = diagonal_of(d, rows, columns)
    align = {"align": d.pick("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT")} if d.op.endswith("V3") else {}
    return d.call(x, d.parameter(low if low == high and d.flip() else [low, high]), d.tensor(d.values(), 0.8), **align)


@family("MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3", rounds=3)
def set_diagonal(d):
    rows, columns, front = d.integer(1, 5), d.integer(1, 5), d.shape(0, 2)
    x = d.tensor(d.values((*front, rows, columns)))
    if d.op == "MatrixSetDiag":
        return d.call(x, d.tensor(d.values((*front, min(rows, columns)))))
    (low, high), longest = diagonal_of(d, rows, columns)
    size = (longest,) if low == high else (high - low + 1, longest)
    return d.call(x, d.tensor(d.values((*front, *size))), d.parameter(low if low == high and d.flip() else [low, high]))


@family("MatrixDiag MatrixDiagV2 MatrixDiagV3", rounds=3)
def from_diagonal(d):
    length, front = d.integer(1, 5), d.shape(0, 2)
    if d.op == "MatrixDiag":
        return d.call(d.tensor(d.values((*front, length))))
    k = d.integer(-3, 3)
    rows, columns = d.pick((-1, -1), (-1, -1), (length - min(k, 0) + d.integer(0, 2), -1), (-1, length + max(k, 0) + d.integer(0, 2)))
    return d.call(d.tensor(d.values((*front, length))), d.parameter(k), d.parameter(rows), d.parameter(columns), d.tensor(d.values(), 0.8))
