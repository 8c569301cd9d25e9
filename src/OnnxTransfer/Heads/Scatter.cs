using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Sums of outer products in float64: Σ v vᵀ over rows v of D values, block by block, in parallel over tiles of the lower
/// triangle, each value summed in one order.
/// </summary>
internal static unsafe class Scatter
{
    private const int BlockRows = 256;
    private const int BlockStride = BlockRows + LaneProducts.Padding; // no power of two: columns do not fall into the same few places of a cache
    private const int Tile = 32;

    /// <summary>Writes row i.</summary>
    public delegate void Source(int i, Span<double> row);

    /// <summary>The lower triangle of Σ v vᵀ, D x D; what is above is left 0.</summary>
    public static double[] Of(int count, int width, Source source, int threads, CancellationToken cancellation)
    {
        var result = new double[checked(width * width)];
        var columns = new AlignedArray<double>((long)Padded(width, Tile) * BlockStride); // a block by columns: D x rows
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        for (int first = 0; first < count; first += BlockRows)
        {
            int start = first, rows = Math.Min(BlockRows, count - first), length = Padded(rows, LaneProducts.Padding);
            Parallel.For(0, length, options, () => new double[width], (i, _, row) =>
            {
                if (i < rows)
                {
                    source(start + i, row);
                }
                else
                {
                    Array.Clear(row); // what pads the last block adds nothing
                }

                for (int j = 0; j < row.Length; j++)
                {
                    columns.Start[((long)j * BlockStride) + i] = row[j];
                }

                return row;
            }, _ => { });
            fixed (double* sums = result)
            {
                AddProducts(columns.Start, width, BlockStride, length, sums, width, options);
            }
        }

        GC.KeepAlive(columns);
        return result;
    }

    /// <summary>The sum of the squares of all values of Σ v vᵀ, found on whichever side is smaller: v by v where there are fewer rows than columns.</summary>
    public static double SquaredNorm(int count, int width, Source source, int threads, CancellationToken cancellation)
    {
        if (count >= width)
        {
            return SumOfSquares(Of(count, width, source, threads, cancellation), width);
        }

        int stride = Padded(width, LaneProducts.Padding);
        var rows = new AlignedArray<double>((long)Padded(count, Tile) * stride);
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, count, options, i => source(i, new Span<double>(rows.Start + ((long)i * stride), width)));
        var products = new double[checked(count * count)];
        fixed (double* sums = products)
        {
            AddProducts(rows.Start, count, stride, stride, sums, count, options);
        }

        GC.KeepAlive(rows);
        return SumOfSquares(products, count);
    }

    /// <summary>The lower triangle of block x blockᵀ, size x size, is added to <paramref name="sums"/>.</summary>
    /// <param name="block">Rows of values, 0 where they are padded; rows of 0 pad their number to a multiple of 32.</param>
    /// <param name="size">Rows, the padding left aside.</param>
    /// <param name="stride">Values from one row to the next.</param>
    /// <param name="length">Values of a row, a multiple of <see cref="LaneProducts.Padding"/>.</param>
    /// <param name="sums">What is above the diagonal is left as it is.</param>
    /// <param name="strideSums">Sums from one row to the next.</param>
    /// <param name="options">Threads and what ends the work.</param>
    public static void AddProducts(double* block, int size, int stride, int length, double* sums, int strideSums, ParallelOptions options)
    {
        int tiles = (size + Tile - 1) / Tile;
        (int Row, int Column)[] work = [.. from i in Enumerable.Range(0, tiles) from j in Enumerable.Range(0, i + 1) select (i * Tile, j * Tile)];
        Parallel.For(0, work.Length, options, index =>
        {
            var (i, j) = work[index];
            var products = stackalloc double[Tile * Tile];
            LaneProducts.Multiply(block + ((long)i * stride), stride, Tile, block + ((long)j * stride), stride, Tile, length, products, Tile);
            for (int r = 0; r < Math.Min(Tile, size - i); r++)
            {
                int columns = Math.Min(Tile, i + r + 1 - j);
                DoubleProducts.AddScaled(1, new(products + (r * Tile), columns), new(sums + ((long)(i + r) * strideSums) + j, columns));
            }
        });
    }

    private static int Padded(int count, int multiple) => (count + multiple - 1) / multiple * multiple;

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
}
