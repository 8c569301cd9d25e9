using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Sums of outer products in float64: Σ v vᵀ over rows v of D values, block by block, in parallel over tiles of the lower
/// triangle, each value summed in one order.
/// </summary>
internal static unsafe class Scatter
{
    private const int BlockRows = 256;
    private const int Tile = 32;

    /// <summary>Writes row i.</summary>
    public delegate void Source(int i, Span<double> row);

    /// <summary>The lower triangle of Σ v vᵀ, D x D; what is above is left 0.</summary>
    public static double[] Of(int count, int width, Source source, int threads, CancellationToken cancellation)
    {
        var result = new double[checked(width * width)];
        var columns = new double[checked(Math.Min(BlockRows, count) * width)]; // a block by columns: D x rows
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        for (int first = 0; first < count; first += BlockRows)
        {
            int start = first, rows = Math.Min(BlockRows, count - first);
            Parallel.For(0, rows, options, () => new double[width], (i, _, row) =>
            {
                source(start + i, row);
                for (int j = 0; j < row.Length; j++)
                {
                    columns[(j * rows) + i] = row[j];
                }

                return row;
            }, _ => { });
            AddProducts(columns, width, rows, result, options);
        }

        return result;
    }

    /// <summary>The sum of the squares of all values of Σ v vᵀ, found on whichever side is smaller: v by v where there are fewer rows than columns.</summary>
    public static double SquaredNorm(int count, int width, Source source, int threads, CancellationToken cancellation)
    {
        if (count >= width)
        {
            return SumOfSquares(Of(count, width, source, threads, cancellation), width);
        }

        var rows = new double[checked(count * width)];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, count, options, i => source(i, rows.AsSpan(i * width, width)));
        var products = new double[checked(count * count)];
        AddProducts(rows, count, width, products, options);
        return SumOfSquares(products, count);
    }

    private static double SumOfSquares(double[] lower, int size)
    {
        double sum = 0;
        for (int i = 0; i < size; i++)
        {
            var row = lower.AsSpan(i * size, i);
            double diagonal = lower[(i * size) + i];
            sum += (2 * DoubleProducts.Dot(row, row)) + (diagonal * diagonal);
        }

        return sum;
    }

    // result += block x blockᵀ, lower triangle; block is size x length.
    private static void AddProducts(double[] block, int size, int length, double[] result, ParallelOptions options)
    {
        int tiles = (size + Tile - 1) / Tile;
        var work = (from i in Enumerable.Range(0, tiles) from j in Enumerable.Range(0, i + 1) select (Row: i * Tile, Column: j * Tile)).ToArray();
        Parallel.For(0, work.Length, options, index =>
        {
            var (i, j) = work[index];
            fixed (double* p = block, r = result)
            {
                DoubleProducts.Add(
                    p + ((long)i * length), Math.Min(Tile, size - i), length, p + ((long)j * length), Math.Min(Tile, size - j), length, length,
                    r + ((long)i * size) + j, size, 1);
            }
        });
    }
}
