using System.Runtime.Intrinsics;

namespace OnnxTransfer.Numerics;

/// <summary>
/// A = Q T Qᵀ of a symmetric matrix in float64: T tridiagonal, Q a product of Householder reflections (Golub and Van Loan,
/// section 8.3; blocked as LAPACK's dsytrd and dlatrd). (A + shift I) x = b is (T + shift I) y = Qᵀ b with x = Q y: one
/// decomposition serves any number of shifts, at the cost of a matrix-vector product each; T's eigenvalues, which would take
/// as long again, are not needed for that. Every value is computed in one order whatever the number of threads.
/// </summary>
internal sealed unsafe class Tridiagonal
{
    private const int Panel = 32;         // reflections that are applied to the rest of the matrix together
    private const int Parts = 8;          // of a matrix-vector product; fixed, so that threads change no bit
    private const int RowsPerTask = 32;   // of the update after a panel
    private const int LeastParallel = 300;

    private readonly int _size;
    private readonly int _stride;
    private readonly AlignedArray<double> _matrix;   // the upper triangle; behind the diagonal of row i the i-th reflection
    private readonly double[] _diagonal;
    private readonly double[] _beside;               // T[i, i + 1]
    private readonly double[] _factors;              // reflection i is I - factor v vᵀ, v[i + 1] = 1
    private readonly AlignedArray<double> _vectors;  // Panel v, then Panel w: the rest of the matrix loses v wᵀ + w vᵀ
    private readonly AlignedArray<double> _negative; // -w, then -v
    private readonly AlignedArray<double> _partial;  // Parts partial products
    private readonly ParallelOptions _options;

    private Tridiagonal(int size, int threads, CancellationToken cancellation)
    {
        _size = size;
        _stride = (((size + LaneProducts.Padding - 1) / LaneProducts.Padding) | 1) * LaneProducts.Padding;
        (_matrix, _partial) = (new((long)size * _stride), new((long)Parts * _stride));
        (_vectors, _negative) = (new(2L * Panel * _stride), new(2L * Panel * _stride));
        (_diagonal, _beside, _factors) = (new double[size], new double[size], new double[size]);
        _options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
    }

    /// <summary>Reduces a matrix of which the lower triangle is read; its rows lie <paramref name="stride"/> values apart. It is left as it is.</summary>
    public static Tridiagonal Reduce(double* lower, int size, int stride, int threads, CancellationToken cancellation)
    {
        var result = new Tridiagonal(size, threads, cancellation);
        result.Take(lower, stride);
        for (int first = 0; first < size; first += Panel)
        {
            int end = Math.Min(first + Panel, size);
            result._vectors.Clear();
            for (int i = first; i < end; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                result.Reflect(i, first);
            }

            result.UpdateRest(end);
        }

        return result;
    }

    /// <summary>b becomes Qᵀ b.</summary>
    public void Rotate(Span<double> b)
    {
        for (int i = 0; i < _size - 1; i++)
        {
            ReflectBy(i, b);
        }
    }

    /// <summary>y becomes Q y.</summary>
    public void RotateBack(Span<double> y)
    {
        for (int i = _size - 2; i >= 0; i--)
        {
            ReflectBy(i, y);
        }
    }

    /// <summary>b becomes the solution y of (T + shift I) y = b; false where that matrix is not positive definite to working precision.</summary>
    public bool Solve(double shift, Span<double> b)
    {
        double smallest = 1e-15 * (_diagonal.Max() + shift); // below, a pivot is the rounding of a zero
        var pivots = new double[_size];
        for (int i = 0; i < _size; i++)
        {
            double ratio = i == 0 ? 0 : _beside[i - 1] / pivots[i - 1];
            pivots[i] = _diagonal[i] + shift - (i == 0 ? 0 : ratio * _beside[i - 1]);
            b[i] -= i == 0 ? 0 : ratio * b[i - 1];
            if (!(pivots[i] > smallest))
            {
                return false;
            }
        }

        for (int i = _size - 1; i >= 0; i--)
        {
            b[i] = (b[i] - (i == _size - 1 ? 0 : _beside[i] * b[i + 1])) / pivots[i];
        }

        return true;
    }

    private double* Row(int i) => _matrix.Start + ((long)i * _stride);

    private double* V(int i) => _vectors.Start + ((long)i * _stride);

    private double* W(int i) => _vectors.Start + ((long)(Panel + i) * _stride);

    private void Take(double* lower, int stride) => Parallel.For(0, (_size + Panel - 1) / Panel, _options, block =>
    {
        for (int j = 0; j < _size; j++)
        {
            for (int i = block * Panel; i < Math.Min((block + 1) * Panel, j + 1); i++)
            {
                Row(i)[j] = lower[((long)j * stride) + i];
            }
        }
    });

    // Row i becomes the diagonal, the value beside it and the reflection; with its w the rest of the matrix is known.
    private void Reflect(int i, int first)
    {
        int done = i - first;
        double* row = Row(i);
        var rest = new Span<double>(row + i, _size - i);
        for (int r = 0; r < done; r++)
        {
            DoubleProducts.AddScaled(-V(r)[i], new(W(r) + i, _size - i), rest);
            DoubleProducts.AddScaled(-W(r)[i], new(V(r) + i, _size - i), rest);
        }

        _diagonal[i] = row[i];
        if (i == _size - 1)
        {
            return;
        }

        var v = rest[1..];
        double head = v[0], below = DoubleProducts.Dot(v[1..], v[1..]);
        double length = below == 0 ? head : -Math.CopySign(Math.Sqrt((head * head) + below), head);
        _beside[i] = length;
        _factors[i] = below == 0 ? 0 : (length - head) / length;
        for (int j = 1; below != 0 && j < v.Length; j++)
        {
            v[j] /= head - length;
        }

        v[0] = 1;
        v.CopyTo(new Span<double>(V(done) + i + 1, v.Length));
        Multiply(i + 1, V(done), W(done));
        var w = new Span<double>(W(done) + i + 1, v.Length);
        for (int r = 0; r < done; r++)
        {
            ReadOnlySpan<double> vr = new(V(r) + i + 1, v.Length), wr = new(W(r) + i + 1, v.Length);
            double byW = DoubleProducts.Dot(wr, v), byV = DoubleProducts.Dot(vr, v);
            DoubleProducts.AddScaled(-byW, vr, w);
            DoubleProducts.AddScaled(-byV, wr, w);
        }

        double half = -0.5 * _factors[i] * _factors[i] * DoubleProducts.Dot(w, v);
        for (int j = 0; j < w.Length; j++)
        {
            w[j] = (_factors[i] * w[j]) + (half * v[j]);
        }
    }

    // result = A x for the rows and columns from `first` on, of which the upper triangle is read, each value once.
    private void Multiply(int first, double* x, double* result)
    {
        int size = _size - first;
        _partial.Clear();
        void Part(int part)
        {
            double* sum = _partial.Start + ((long)part * _stride);
            MultiplyRows(first + Border(part, size), first + Border(part + 1, size), x, sum);
        }

        if (size < LeastParallel)
        {
            for (int part = 0; part < Parts; part++)
            {
                Part(part);
            }
        }
        else
        {
            Parallel.For(0, Parts, _options, Part);
        }

        var total = new Span<double>(result + first, size);
        total.Clear();
        for (int part = 0; part < Parts; part++)
        {
            DoubleProducts.AddScaled(1, new(_partial.Start + ((long)part * _stride) + first, size), total);
        }
    }

    // Rows of a triangle in parts of equal area, in fours.
    private static int Border(int part, int size) =>
        part == Parts ? size : (int)(size * (1 - Math.Sqrt(1 - ((double)part / Parts)))) / 4 * 4;

    private void MultiplyRows(int from, int end, double* x, double* sum)
    {
        int i = from;
        for (; i + 4 <= end; i += 4)
        {
            int column = (i + 4 + 3) / 4 * 4;
            for (int r = i; r < i + 4; r++)
            {
                MultiplyRow(r, r, Math.Min(column, _size), x, sum);
            }

            double* a0 = Row(i), a1 = a0 + _stride, a2 = a1 + _stride, a3 = a2 + _stride;
            Vector256<double> x0 = Vector256.Create(x[i]), x1 = Vector256.Create(x[i + 1]), x2 = Vector256.Create(x[i + 2]), x3 = Vector256.Create(x[i + 3]);
            Vector256<double> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int j = column; j < _size; j += 4) // what pads a row is 0
            {
                Vector256<double> b0 = Vector256.Load(a0 + j), b1 = Vector256.Load(a1 + j), b2 = Vector256.Load(a2 + j), b3 = Vector256.Load(a3 + j);
                var values = Vector256.Load(x + j);
                s0 = Vector256.MultiplyAddEstimate(b0, values, s0);
                s1 = Vector256.MultiplyAddEstimate(b1, values, s1);
                s2 = Vector256.MultiplyAddEstimate(b2, values, s2);
                s3 = Vector256.MultiplyAddEstimate(b3, values, s3);
                var left = Vector256.MultiplyAddEstimate(b1, x1, Vector256.MultiplyAddEstimate(b0, x0, Vector256.Load(sum + j)));
                Vector256.MultiplyAddEstimate(b3, x3, Vector256.MultiplyAddEstimate(b2, x2, left)).Store(sum + j);
            }

            sum[i] += Vector256.Sum(s0);
            sum[i + 1] += Vector256.Sum(s1);
            sum[i + 2] += Vector256.Sum(s2);
            sum[i + 3] += Vector256.Sum(s3);
        }

        for (; i < end; i++)
        {
            MultiplyRow(i, i, _size, x, sum);
        }
    }

    private void MultiplyRow(int row, int from, int end, double* x, double* sum)
    {
        double* a = Row(row);
        for (int j = from; j < end; j++)
        {
            sum[row] += a[j] * x[j];
            if (j > row)
            {
                sum[j] += a[j] * x[row];
            }
        }
    }

    private void UpdateRest(int next)
    {
        for (long i = 0, half = (long)Panel * _stride; i < half; i++)
        {
            _negative.Start[i] = -_vectors.Start[half + i];
            _negative.Start[half + i] = -_vectors.Start[i];
        }

        Parallel.For(0, (_size - next + RowsPerTask - 1) / RowsPerTask, _options, task =>
        {
            int row = next + (task * RowsPerTask), column = row / LaneProducts.Padding * LaneProducts.Padding;
            LaneProducts.AddOuter(
                _negative.Start + row, _stride, _vectors.Start + column, _stride, 2 * Panel, Math.Min(RowsPerTask, _size - row), _stride - column,
                Row(row) + column, _stride);
        });
    }

    private void ReflectBy(int i, Span<double> values)
    {
        var part = values[(i + 1).._size];
        var v = new ReadOnlySpan<double>(Row(i) + i + 1, part.Length);
        DoubleProducts.AddScaled(-_factors[i] * DoubleProducts.Dot(v, part), v, part);
    }
}
