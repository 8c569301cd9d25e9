using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

/// <summary>Embeddings with something to find in them.</summary>
internal static class Planted
{
    /// <summary>Gaussian clouds, one per class; <paramref name="distance"/> says how far apart.</summary>
    public static EmbeddingSet Classes(int rows, int width, int classes, double distance = 2, long seed = 1)
    {
        var centres = new SeededRandom(99);
        double[] centre = [.. Enumerable.Range(0, classes * width).Select(_ => distance * centres.NextGaussian())];
        var random = new SeededRandom(seed);
        int[] labels = [.. Enumerable.Range(0, rows).Select(i => i % classes)];
        return new EmbeddingSet
        {
            Rows = Fill(rows, width, (i, j) => centre[(labels[i] * width) + j] + random.NextGaussian()),
            Labels = labels,
            Classes = [.. Enumerable.Range(0, classes).Select(c => $"class{c}")],
            Splits = new Split[rows],
            Names = [.. Enumerable.Range(0, rows).Select(i => $"image{i}.png")],
        };
    }

    /// <summary>Targets = 3 + a random combination of the columns + noise, times <paramref name="unit"/>.</summary>
    public static EmbeddingSet Values(int rows, int width, double noise = 0.1, double unit = 1, long seed = 1)
    {
        var slopes = new SeededRandom(98);
        double[] slope = [.. Enumerable.Range(0, width).Select(_ => slopes.NextGaussian())];
        var random = new SeededRandom(seed);
        var matrix = Fill(rows, width, (_, _) => random.NextGaussian());
        return new EmbeddingSet
        {
            Rows = matrix,
            Targets = [.. Enumerable.Range(0, rows).Select(i =>
                unit * (3 + Enumerable.Range(0, width).Sum(j => slope[j] * matrix[i][j]) + (noise * random.NextGaussian())))],
            Splits = new Split[rows],
            Names = [.. Enumerable.Range(0, rows).Select(i => $"image{i}.png")],
        };
    }

    /// <summary>The set with its embeddings changed value by value.</summary>
    public static EmbeddingSet With(this EmbeddingSet set, Func<int, int, float, double> change) =>
        set with { Rows = Fill(set.Count, set.Width, (i, j) => change(i, j, set.Rows[i][j])) };

    private static Matrix Fill(int rows, int width, Func<int, int, double> value)
    {
        var matrix = new Matrix(rows, width);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < width; j++)
            {
                matrix.Row(i)[j] = (float)value(i, j);
            }
        }

        return matrix;
    }
}
