namespace OnnxTransfer.Numerics;

/// <summary>
/// A = L Lᵀ of a symmetric positive definite matrix in float64, blocked and parallel; every value is computed by one
/// thread in one order, so that the result does not depend on their number.
/// </summary>
internal sealed unsafe class Cholesky
{
    private const int Block = 64;

    private readonly double[] _lower;
    private readonly int _size;

    private Cholesky(double[] lower, int size)
    {
        _lower = lower;
        _size = size;
    }

    /// <summary>
    /// Factors <paramref name="matrix"/> (size x size, row-major, lower triangle read) in its own memory; null when it is
    /// not positive definite to working precision.
    /// </summary>
    public static Cholesky? Factor(double[] matrix, int size, int threads, CancellationToken cancellation = default)
    {
        double largest = 0;
        for (int i = 0; i < size; i++)
        {
            largest = Math.Max(largest, matrix[((long)i * size) + i]);
        }

        double smallestPivot = largest * 1e-15; // below, a pivot is the rounding of a zero
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        for (int first = 0; first < size; first += Block)
        {
            int width = Math.Min(Block, size - first), next = first + width;
            if (!FactorDiagonal(matrix, size, first, width, smallestPivot))
            {
                return null;
            }

            int blocks = (size - next + Block - 1) / Block;
            Parallel.For(0, blocks, options, b => SolvePanel(matrix, size, first, width, next + (b * Block)));
            Parallel.For(0, blocks, options, b => Update(matrix, size, first, width, next, next + (b * Block)));
        }

        return new Cholesky(matrix, size);
    }

    /// <summary>The solution of A x = <paramref name="right"/>.</summary>
    public double[] Solve(ReadOnlySpan<double> right)
    {
        double[] x = right.ToArray();
        for (int i = 0; i < _size; i++)
        {
            var row = _lower.AsSpan(i * _size, i + 1);
            x[i] = (x[i] - DoubleProducts.Dot(row[..i], x.AsSpan(0, i))) / row[i];
        }

        for (int i = _size - 1; i >= 0; i--)
        {
            var row = _lower.AsSpan(i * _size, i + 1);
            x[i] /= row[i];
            DoubleProducts.AddScaled(-x[i], row[..i], x.AsSpan(0, i));
        }

        return x;
    }

    private static bool FactorDiagonal(double[] matrix, int size, int first, int width, double smallestPivot)
    {
        for (int i = first; i < first + width; i++)
        {
            var row = matrix.AsSpan(i * size, size);
            SolveRow(matrix, size, first, i - first, row);
            double pivot = row[i] - DoubleProducts.Dot(row[first..i], row[first..i]);
            if (!(pivot > smallestPivot))
            {
                return false;
            }

            row[i] = Math.Sqrt(pivot);
        }

        return true;
    }

    // The rows of one block below the diagonal block: forward substitution, row by row.
    private static void SolvePanel(double[] matrix, int size, int first, int width, int from)
    {
        for (int i = from; i < Math.Min(from + Block, size); i++)
        {
            SolveRow(matrix, size, first, width, matrix.AsSpan(i * size, size));
        }
    }

    private static void SolveRow(double[] matrix, int size, int first, int width, Span<double> row)
    {
        for (int j = first; j < first + width; j++)
        {
            var above = matrix.AsSpan(j * size, size);
            row[j] = (row[j] - DoubleProducts.Dot(row[first..j], above[first..j])) / above[j];
        }
    }

    // What is left below and right of the block loses panel x panelᵀ; the lower triangle of blocks is enough.
    private static void Update(double[] matrix, int size, int first, int width, int next, int from)
    {
        int rows = Math.Min(Block, size - from);
        fixed (double* p = matrix)
        {
            for (int column = next; column <= from; column += Block)
            {
                int columns = Math.Min(Block, size - column);
                DoubleProducts.Add(
                    p + ((long)from * size) + first, rows, size, p + ((long)column * size) + first, columns, size, width,
                    p + ((long)from * size) + column, size, -1);
            }
        }
    }
}
