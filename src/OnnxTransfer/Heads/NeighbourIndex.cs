using System.Runtime.Intrinsics;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Exact nearest rows by brute force. Blocks of queries times blocks of rows give inner products in float32, which rule out
/// all rows that cannot be among the nearest, whatever was rounded; the few others are measured in float64
/// (<see cref="RowDistance"/>). So neighbours are those of float64, and do not depend on blocks or threads.
/// </summary>
internal sealed class NeighbourIndex
{
    private const int QueryBlock = 64;
    private const int RowBlock = 128;
    private const int LeastRows = 2048; // of a part of the rows that a thread works on
    private const float Largest = 1e37f;

    private readonly IRows _rows;
    private readonly double[] _weights;
    private readonly Distance _distance;

    // A row x is ruled out for a query q where x . q < _half[x] + (a number of q): _half is half the squared length, a little
    // too small. For cosines rows and queries are brought to length 1 by _scale, and no half is needed. NaN rules out nothing.
    private readonly float[] _half = [];
    private readonly float[] _scale = [];

    // An inner product of float32 is wrong by less than width x 2^-24 of both lengths, in any order of summation (Higham
    // 2002, 3.1); 32 more for the rounding of lengths and of the bound itself. Half of this belongs to each squared length.
    private readonly double _slack;

    /// <summary>Measures the lengths of N rows; the rows themselves are not copied.</summary>
    /// <param name="rows">N x D.</param>
    /// <param name="weights">Weight per row; empty: all 1.</param>
    /// <param name="distance">What near means.</param>
    /// <param name="threads">Threads to work on.</param>
    /// <param name="cancellation">Ends the work.</param>
    public NeighbourIndex(IRows rows, double[] weights, Distance distance, int threads, CancellationToken cancellation)
    {
        (_rows, _weights, _distance) = (rows, weights, distance);
        _slack = (rows.Width + 32) * (1.0 / (1 << 24));
        var lengths = new float[rows.Count];
        (_half, _scale) = distance == Distance.Euclidean ? (lengths, _scale) : (_half, lengths);
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, (rows.Count + LeastRows - 1) / LeastRows, options, part =>
        {
            for (int i = part * LeastRows; i < Math.Min(rows.Count, (part + 1) * LeastRows); i++)
            {
                double square = RowDistance.SquaredLength(rows[i]);
                lengths[i] = distance == Distance.Euclidean ? Usable(0.5 * (1 - _slack) * square) : Scale(square);
            }
        });
    }

    /// <summary>The rows among which neighbours are found.</summary>
    public IRows Rows => _rows;

    /// <summary>Their weights; empty: all 1.</summary>
    public double[] Weights => _weights;

    /// <summary>What near means.</summary>
    public Distance Distance => _distance;

    /// <summary>
    /// Finds the nearest rows of every query, in parallel, and tells them nearest first: as many as it takes for their weights
    /// to sum to <paramref name="wanted"/>, or all there are. A query that is not finite has none.
    /// </summary>
    public void Find(IRows queries, double wanted, int threads, Action<int, ReadOnlySpan<Neighbour>> found, CancellationToken cancellation = default)
    {
        int blocks = (queries.Count + QueryBlock - 1) / QueryBlock;
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        if (blocks >= 2 * threads)
        {
            Parallel.For(0, blocks, options, () => new Scratch(_rows.Width, QueryBlock), (block, _, scratch) =>
            {
                Tell(queries, block, Scan(queries, block, 0, _rows.Count, wanted, scratch, cancellation), found);
                return scratch;
            }, _ => { });
            return;
        }

        // Few queries: every thread takes a part of the rows, and what the parts found is put together.
        int parts = Math.Clamp(_rows.Count / LeastRows, 1, 4 * threads);
        for (int block = 0; block < blocks; block++)
        {
            var heaps = new NearestHeap[parts][];
            Parallel.For(0, parts, options, () => new Scratch(_rows.Width, Math.Min(QueryBlock, queries.Count)), (part, _, scratch) =>
            {
                int from = Chunks.Start(part, parts, _rows.Count), to = Chunks.Start(part + 1, parts, _rows.Count);
                heaps[part] = Scan(queries, block, from, to, wanted, scratch, cancellation);
                return scratch;
            }, _ => { });
            for (int part = 1; part < parts; part++)
            {
                for (int q = 0; q < heaps[0].Length; q++)
                {
                    heaps[0][q].Offer(heaps[part][q]);
                }
            }

            Tell(queries, block, heaps[0], found);
        }
    }

    private static void Tell(IRows queries, int block, NearestHeap[] heaps, Action<int, ReadOnlySpan<Neighbour>> found)
    {
        for (int q = 0; q < heaps.Length; q++)
        {
            int query = (block * QueryBlock) + q;
            found(query, FloatProducts.AllFinite(queries[query]) ? heaps[q].Sorted() : []);
        }
    }

    // The nearest among the rows from .. to of each query of a block.
    private NearestHeap[] Scan(IRows queries, int block, int from, int to, double wanted, Scratch scratch, CancellationToken cancellation)
    {
        int width = _rows.Width, first = block * QueryBlock, count = Math.Min(QueryBlock, queries.Count - first);
        var heaps = new NearestHeap[count];
        var lengths = new double[count];
        for (int q = 0; q < count; q++)
        {
            heaps[q] = new NearestHeap(_weights, wanted);
            lengths[q] = RowDistance.SquaredLength(queries[first + q]);
            Copy(queries[first + q], _distance == Distance.Cosine ? Scale(lengths[q]) : 1, scratch.Queries.AsSpan(q * width, width));
        }

        for (int start = from; start < to; start += RowBlock)
        {
            cancellation.ThrowIfCancellationRequested();
            int rows = Math.Min(RowBlock, to - start);
            for (int i = 0; i < rows; i++)
            {
                Copy(_rows[start + i], _distance == Distance.Cosine ? _scale[start + i] : 1, scratch.Rows.AsSpan(i * width, width));
            }

            var products = scratch.Products.AsSpan(0, count * rows);
            FloatProducts.Multiply(scratch.Queries.AsSpan(0, count * width), scratch.Rows.AsSpan(0, rows * width), width, products);
            for (int q = 0; q < count; q++)
            {
                Offer(heaps[q], queries[first + q], lengths[q], start, products.Slice(q * rows, rows));
            }
        }

        return heaps;
    }

    // Measures the rows from first on that their inner products with the query do not rule out.
    private void Offer(NearestHeap heap, ReadOnlySpan<float> query, double length, int first, ReadOnlySpan<float> products)
    {
        float bound = Bound(heap.Limit, length);
        for (int i = 0; i < products.Length; i++)
        {
            if (i + 8 <= products.Length)
            {
                var least = Vector256.Create(bound) + (_half.Length > 0 ? Vector256.Create<float>(_half.AsSpan(first + i, 8)) : Vector256<float>.Zero);
                if (Vector256.LessThanAll(Vector256.Create(products.Slice(i, 8)), least))
                {
                    i += 7;
                    continue;
                }
            }

            if (!(products[i] < bound + (_half.Length > 0 ? _half[first + i] : 0)))
            {
                heap.Offer(new Neighbour(RowDistance.Of(_distance, query, _rows[first + i]), first + i));
                bound = Bound(heap.Limit, length);
            }
        }
    }

    // |q - x|² <= limit needs q . x >= (|q|² + |x|² - limit) / 2; 1 - cosine <= limit needs cosine >= 1 - limit.
    // 1e-37 is more than all that underflow can take from a product.
    private float Bound(double limit, double length) => _distance == Distance.Cosine ? Usable(1 - limit - _slack)
        : length < Largest ? Usable((0.5 * (((1 - _slack) * length) - limit)) - 1e-37)
        : float.NaN;

    // Beyond the numbers float32 adds and multiplies safely nothing is ruled out.
    private static float Usable(double value) => Math.Abs(value) < Largest ? (float)value : float.NaN;

    // Embeddings of zeros stay zeros.
    private static float Scale(double square)
    {
        double scale = 1 / Math.Sqrt(square);
        return square == 0 ? 0 : scale > 1 / Largest ? Usable(scale) : float.NaN;
    }

    private static void Copy(ReadOnlySpan<float> from, float scale, Span<float> to)
    {
        if (scale == 1)
        {
            from.CopyTo(to);
            return;
        }

        int i = 0;
        for (; i + 8 <= from.Length; i += 8)
        {
            (Vector256.Create(from[i..]) * scale).CopyTo(to[i..]);
        }

        for (; i < from.Length; i++)
        {
            to[i] = from[i] * scale;
        }
    }

    private sealed class Scratch(int width, int queries)
    {
        public float[] Queries { get; } = new float[queries * width];

        public float[] Rows { get; } = new float[RowBlock * width];

        public float[] Products { get; } = new float[queries * RowBlock];
    }
}
