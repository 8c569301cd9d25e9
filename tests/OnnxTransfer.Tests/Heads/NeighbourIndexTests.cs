using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class NeighbourIndexTests
{
    public static TheoryData<string, double, double> Places => new()
    {
        { "around 0", 0, 1 },
        { "far from 0, where float32 products cancel", 300, 1e-3 },
        { "so large that float32 products overflow", 0, 1e25 },
        { "so small that they underflow", 0, 1e-30 },
        { "beyond float32's inverses", 0, 1e-42 },
        { "on a grid, with many equal distances", 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void Finds_what_a_naive_loop_finds(string why, double centre, double spread)
    {
        Assert.NotEmpty(why);
        var random = new SeededRandom(3);
        Matrix rows = Fill(2500, 19, random, centre, spread), queries = Fill(70, 19, random, centre, spread);
        rows.Row(11).Clear();
        queries.Row(5).Clear();
        rows.Row(40).CopyTo(queries.Row(6));
        foreach (var distance in new[] { Distance.Euclidean, Distance.Cosine })
        {
            if (spread == 0 && distance == Distance.Cosine)
            {
                continue; // equal cosines of different rows differ by the rounding of their lengths
            }

            var index = new NeighbourIndex(rows, [], distance, 2, CancellationToken.None);
            var found = Find(index, queries, 7, threads: 2); // rows in parts
            Assert.All(found.Index(), query => Assert.Equal(Naive(rows, queries[query.Index], distance, 7), query.Item.Select(n => n.Row)));
            Assert.Equal(found, Find(index, queries, 7, threads: 1)); // whole blocks of queries
            Assert.Equal(found[9], Find(index, new Matrix(1, 19, queries[9].ToArray()), 7, threads: 3)[0]);
        }
    }

    [Fact]
    public void Weights_are_counted_until_there_are_enough()
    {
        var random = new SeededRandom(4);
        Matrix rows = Fill(3000, 5, random, 0, 1), queries = Fill(9, 5, random, 0, 1);
        double[] weights = [.. Enumerable.Range(0, 3000).Select(_ => 0.05 + random.NextDouble())];
        var found = Find(new NeighbourIndex(rows, weights, Distance.Euclidean, 1, CancellationToken.None), queries, 6, threads: 4);
        foreach (var (query, nearest) in found.Index())
        {
            int[] all = Naive(rows, queries[query], Distance.Euclidean, 200);
            int enough = Enumerable.Range(1, 200).First(count => all.Take(count).Sum(row => weights[row]) >= 6);
            Assert.Equal(all.Take(enough), nearest.Select(n => n.Row).Take(enough));
            Assert.InRange(nearest.Length, enough, enough + 1);
        }
    }

    private static Neighbour[][] Find(NeighbourIndex index, Matrix queries, double wanted, int threads)
    {
        var found = new Neighbour[queries.Count][];
        index.Find(queries, wanted, threads, (query, nearest) => found[query] = nearest.ToArray());
        return found;
    }

    private static int[] Naive(Matrix rows, ReadOnlySpan<float> query, Distance distance, int count)
    {
        float[] q = query.ToArray();
        return [.. Enumerable.Range(0, rows.Count).OrderBy(i => Measure(rows[i].ToArray(), q, distance)).Take(count)]; // stable
    }

    private static double Measure(float[] x, float[] q, Distance distance)
    {
        double xx = Root(x), qq = Root(q);
        if (distance == Distance.Cosine && (xx == 0 || qq == 0))
        {
            return 1;
        }

        var (scaleX, scaleQ, half) = distance == Distance.Cosine ? (1 / xx, 1 / qq, 0.5) : (1.0, 1.0, 1.0);
        double sum = 0;
        for (int j = 0; j < x.Length; j++)
        {
            sum += ((x[j] * scaleX) - (q[j] * scaleQ)) * ((x[j] * scaleX) - (q[j] * scaleQ));
        }

        return half * sum;
    }

    private static double Root(float[] x) => Math.Sqrt(x.Sum(value => (double)value * value));

    private static Matrix Fill(int count, int width, SeededRandom random, double centre, double spread)
    {
        var matrix = new Matrix(count, width);
        foreach (ref float value in matrix.Values.AsSpan())
        {
            value = spread == 0 ? random.NextInt(3) : (float)(centre + (spread * random.NextGaussian()));
        }

        return matrix;
    }
}
