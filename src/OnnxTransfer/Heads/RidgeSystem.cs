using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// The normal equations of a weighted least squares problem in float64, solved for any number of L2 values: on the D x D
/// Gram matrix, or where there are fewer rows than columns on the N x N one (the dual, Saunders, Gammerman and Vovk 1998).
/// Minimises sum_i(w_i (y_i - b . z_i)²) / (2 sum_i w_i) + L2/2 ||b||² for standardised rows z and centred targets y.
/// </summary>
internal sealed unsafe class RidgeSystem
{
    private const int BlockRows = 256;
    private const int Tile = 32;

    private readonly int _width;
    private readonly int _threads;
    private readonly double[] _gram;      // lower triangle; size x size
    private readonly double[] _right;     // size
    private readonly double[]? _rows;     // N x D scaled rows, where the dual is solved
    private readonly double _targetSquare;

    public RidgeSystem(IRows rows, double[] targets, double[] weights, Standardisation standardisation, int threads, CancellationToken cancellation)
    {
        (_width, _threads) = (rows.Width, threads);
        double total = weights.Length == 0 ? rows.Count : weights.Sum();
        double Root(int i) => Math.Sqrt((weights.Length == 0 ? 1 : weights[i]) / total);
        var scaled = new double[rows.Count]; // targets times the root of their weight's share
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = Root(i) * targets[i];
        }

        _targetSquare = DoubleProducts.Dot(scaled, scaled);
        bool dual = rows.Count < _width;
        int size = dual ? rows.Count : _width;
        _gram = new double[checked(size * size)];
        _right = dual ? scaled : new double[size];
        var block = new double[checked((dual ? size : BlockRows) * _width)];
        if (dual)
        {
            _rows = block;
            Fill(rows, 0, size, standardisation, Root, block, rowStride: _width, columnStride: 1);
            AddProducts(block, size, _width, cancellation);
            return;
        }

        for (int first = 0; first < rows.Count; first += BlockRows)
        {
            int count = Math.Min(BlockRows, rows.Count - first);
            Fill(rows, first, count, standardisation, Root, block, rowStride: 1, columnStride: count);
            AddProducts(block, _width, count, cancellation);
            for (int j = 0; j < _width; j++)
            {
                _right[j] += DoubleProducts.Dot(block.AsSpan(j * count, count), scaled.AsSpan(first, count));
            }
        }
    }

    /// <summary>D coefficients and the objective at <paramref name="l2"/>; null when the matrix is singular.</summary>
    public (double[] Coefficients, double Objective)? Solve(double l2, CancellationToken cancellation)
    {
        int size = _right.Length;
        double[] matrix = [.. _gram];
        for (int i = 0; i < size; i++)
        {
            matrix[((long)i * size) + i] += l2;
        }

        if (Cholesky.Factor(matrix, size, _threads, cancellation) is not { } factor)
        {
            return null;
        }

        double[] solution = factor.Solve(_right);
        if (_rows is null)
        {
            return (solution, 0.5 * (_targetSquare - DoubleProducts.Dot(solution, _right)));
        }

        var coefficients = new double[_width];
        for (int i = 0; i < size; i++)
        {
            DoubleProducts.AddScaled(solution[i], _rows.AsSpan(i * _width, _width), coefficients);
        }

        return (coefficients, 0.5 * l2 * DoubleProducts.Dot(solution, _right));
    }

    // Standardised rows, times the root of their weight's share, into a block; by columns, so that strided writes stay in cache.
    private void Fill(
        IRows from, int first, int count, Standardisation standardisation, Func<int, double> root, double[] block, int rowStride, int columnStride)
    {
        int parts = (_width + 63) / 64;
        Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = _threads }, part =>
        {
            int begin = part * 64, end = Math.Min(begin + 64, _width);
            for (int i = 0; i < count; i++)
            {
                var row = from[first + i];
                double factor = root(first + i);
                for (int j = begin; j < end; j++)
                {
                    block[((long)i * rowStride) + ((long)j * columnStride)] =
                        factor * standardisation.Scale[j] * (row[j] - standardisation.Mean[j]);
                }
            }
        });
    }

    // gram += block x blockᵀ, lower triangle of tiles; block is size x length.
    private void AddProducts(double[] block, int size, int length, CancellationToken cancellation)
    {
        int tiles = (size + Tile - 1) / Tile;
        var pairs = from i in Enumerable.Range(0, tiles) from j in Enumerable.Range(0, i + 1) select (i * Tile, j * Tile);
        var work = pairs.ToArray();
        Parallel.For(0, work.Length, new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellation }, index =>
        {
            var (i, j) = work[index];
            fixed (double* p = block, g = _gram)
            {
                DoubleProducts.Add(
                    p + ((long)i * length), Math.Min(Tile, size - i), length, p + ((long)j * length), Math.Min(Tile, size - j), length, length,
                    g + ((long)i * size) + j, size, 1);
            }
        });
    }
}
