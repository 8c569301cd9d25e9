using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// The normal equations of weighted least squares problems that share their rows, in float64, solved for any number of L2
/// values: on the D x D Gram matrix, or where there are fewer rows than columns on the N x N one (the dual, Saunders,
/// Gammerman and Vovk 1998). Minimises sum_i(w_i (y_i - b . z_i)²) / (2 sum_i w_i) + L2/2 ||b||² for standardised rows z and
/// each of m columns of centred targets y. The rows are read once, block by block; what is kept does not grow with N.
/// </summary>
internal sealed unsafe class RidgeSystem
{
    private const int BlockRows = 128;
    private const int Panel = 64; // columns whose values lie together: two panels of a block fit into a core's cache

    private readonly int _width;
    private readonly int _outputs;
    private readonly ParallelOptions _options;
    private readonly int _size;                     // of the system: D, or N in the dual
    private readonly int _stride;
    private readonly AlignedArray<double> _gram;    // lower triangle; size x stride
    private readonly AlignedArray<double> _right;   // m x stride
    private readonly AlignedArray<double>? _rows;   // N x rowStride scaled rows, where the dual is solved
    private readonly int _rowStride;
    private double _targetSquare;
    private Tridiagonal? _tridiagonal;
    private double[]? _rotated;                     // m x size: the right sides seen by the tridiagonal matrix

    /// <param name="rows">N x D.</param>
    /// <param name="targets">N x m, centred.</param>
    /// <param name="outputs">m.</param>
    /// <param name="weights">N, or empty.</param>
    /// <param name="standardisation">Applied to every row.</param>
    /// <param name="threads">At least 1; the result does not depend on it.</param>
    /// <param name="cancellation">Ends the work.</param>
    public RidgeSystem(
        IRows rows, double[] targets, int outputs, double[] weights, Standardisation standardisation, int threads, CancellationToken cancellation)
    {
        (_width, _outputs) = (rows.Width, outputs);
        _options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        double total = weights.Length == 0 ? rows.Count : weights.Sum();
        var scaling = new Scaling(rows, targets, weights, total, standardisation, outputs);
        bool dual = rows.Count < _width;
        _size = dual ? rows.Count : _width;
        _stride = (_size + Panel - 1) / Panel * Panel;
        (_gram, _right) = (new((long)_size * _stride), new((long)outputs * _stride));
        if (dual)
        {
            _rowStride = (_width + Panel - 1) / Panel * Panel;
            _rows = new((long)_stride * _rowStride);
            FillDual(scaling);
        }
        else
        {
            FillPrimal(scaling);
        }
    }

    /// <summary>Takes the matrix apart, so that every further <see cref="Solve"/> costs a matrix-vector product.</summary>
    public void Decompose()
    {
        _tridiagonal = Tridiagonal.Reduce(_gram.Start, _size, _stride, _options.MaxDegreeOfParallelism, _options.CancellationToken);
        _rotated = new double[_outputs * _size];
        Parallel.For(0, _outputs, _options, output =>
        {
            var right = _rotated.AsSpan(output * _size, _size);
            new Span<double>(_right.Start + ((long)output * _stride), _size).CopyTo(right);
            _tridiagonal.Rotate(right);
        });
    }

    /// <summary>m x D coefficients and the sum of m objectives at <paramref name="l2"/>; null when the matrix is singular.</summary>
    public (double[] Coefficients, double Objective)? Solve(double l2)
    {
        if ((_tridiagonal is null ? Factored(l2) : Decomposed(l2)) is not { } solutions)
        {
            return null;
        }

        double explained = 0;
        for (int output = 0; output < _outputs; output++)
        {
            explained += DoubleProducts.Dot(solutions.AsSpan(output * _size, _size), new(_right.Start + ((long)output * _stride), _size));
        }

        if (_rows is null)
        {
            return (solutions, 0.5 * (_targetSquare - explained));
        }

        var coefficients = new double[_outputs * _width];
        Parallel.For(0, _outputs, _options, output =>
        {
            for (int i = 0; i < _size; i++)
            {
                DoubleProducts.AddScaled(
                    solutions[(output * _size) + i], new(_rows.Start + ((long)i * _rowStride), _width), coefficients.AsSpan(output * _width, _width));
            }
        });
        return (coefficients, 0.5 * l2 * explained);
    }

    private double[]? Factored(double l2)
    {
        var matrix = new double[checked(_size * _size)];
        for (int i = 0; i < _size; i++)
        {
            new Span<double>(_gram.Start + ((long)i * _stride), i + 1).CopyTo(matrix.AsSpan(i * _size, i + 1));
            matrix[(i * _size) + i] += l2;
        }

        if (Cholesky.Factor(matrix, _size, _options.MaxDegreeOfParallelism, _options.CancellationToken) is not { } factor)
        {
            return null;
        }

        var solutions = new double[_outputs * _size];
        Parallel.For(0, _outputs, _options, output =>
            factor.Solve(new(_right.Start + ((long)output * _stride), _size)).CopyTo(solutions, output * _size));
        return solutions;
    }

    private double[]? Decomposed(double l2)
    {
        double[] solutions = [.. _rotated!];
        bool isSingular = false;
        Parallel.For(0, _outputs, _options, output =>
        {
            var solution = solutions.AsSpan(output * _size, _size);
            if (_tridiagonal!.Solve(l2, solution))
            {
                _tridiagonal.RotateBack(solution);
            }
            else
            {
                isSingular = true; // so is every output's: the matrix is the same
            }
        });
        return isSingular ? null : solutions;
    }

    // Blocks of rows as panels of columns, [panel, row, column]; the lower triangle of pairs of panels is added up.
    private void FillPrimal(Scaling scaling)
    {
        int panels = _stride / Panel;
        var block = new AlignedArray<double>((long)panels * BlockRows * Panel);
        var targets = new AlignedArray<double>(BlockRows * _outputs);
        (int I, int J)[] pairs = [.. from i in Enumerable.Range(0, panels) from j in Enumerable.Range(0, i + 1) select (i, j)];
        double* Place(int panel) => block.Start + ((long)panel * BlockRows * Panel);
        for (int first = 0; first < scaling.Rows.Count; first += BlockRows)
        {
            int count = Math.Min(BlockRows, scaling.Rows.Count - first), from = first;
            for (int i = 0; i < count; i++)
            {
                _targetSquare += scaling.Target(first + i, targets.Start + (i * _outputs));
            }

            Parallel.For(0, panels, _options, panel =>
            {
                int column = panel * Panel, columns = Math.Min(Panel, _width - column);
                for (int i = 0; i < count; i++)
                {
                    scaling.Row(from + i, column, columns, Place(panel) + (i * Panel));
                }

                LaneProducts.AddOuter(targets.Start, _outputs, Place(panel), Panel, count, _outputs, Panel, _right.Start + column, _stride);
            });
            Parallel.For(0, pairs.Length, _options, index =>
            {
                var (i, j) = pairs[index];
                LaneProducts.AddOuter(
                    Place(i), Panel, Place(j), Panel, count, Math.Min(Panel, _width - (i * Panel)), Panel,
                    _gram.Start + ((long)i * Panel * _stride) + (j * Panel), _stride);
            });
        }

        GC.KeepAlive(block);
        GC.KeepAlive(targets);
    }

    private void FillDual(Scaling scaling)
    {
        var target = new double[_outputs];
        for (int i = 0; i < _size; i++)
        {
            fixed (double* to = target)
            {
                _targetSquare += scaling.Target(i, to);
            }

            for (int output = 0; output < _outputs; output++)
            {
                _right.Start[((long)output * _stride) + i] = target[output];
            }
        }

        Parallel.For(0, _size, _options, i => scaling.Row(i, 0, _width, _rows!.Start + ((long)i * _rowStride)));
        Scatter.AddProducts(_rows!.Start, _size, _rowStride, _rowStride, _gram.Start, _stride, _options);
    }

    // Rows and targets times the root of their weight's share.
    private sealed class Scaling(IRows rows, double[] targets, double[] weights, double total, Standardisation standardisation, int outputs)
    {
        public IRows Rows => rows;

        /// <summary>Writes m scaled targets and returns the sum of their squares.</summary>
        public double Target(int row, double* to)
        {
            double square = 0;
            for (int output = 0; output < outputs; output++)
            {
                to[output] = Root(row) * targets[(row * outputs) + output];
                square += to[output] * to[output];
            }

            return square;
        }

        public void Row(int row, int column, int columns, double* to)
        {
            double root = Root(row);
            fixed (float* values = rows[row])
            fixed (double* mean = standardisation.Mean, scale = standardisation.Scale)
            {
                LaneProducts.Standardise(values + column, mean + column, scale + column, columns, to);
            }

            for (int j = 0; j < columns; j++)
            {
                to[j] *= root;
            }
        }

        private double Root(int row) => Math.Sqrt((weights.Length == 0 ? 1 : weights[row]) / total);
    }
}
