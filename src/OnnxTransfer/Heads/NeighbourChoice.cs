using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>Scores numbers of neighbours on validation rows. The neighbours are found once, for the largest number.</summary>
internal sealed class NeighbourChoice(NeighbourSearch search, NeighbourIndex index, NeighbourVotes votes, int threads)
{
    // What a probability without votes counts as: float32's resolution, as in the log loss of evaluations.
    private const double Smallest = 1.0 / (1 << 23);

    /// <summary>The score of every number of neighbours that there are rows for.</summary>
    /// <param name="rows">Validation rows.</param>
    /// <param name="right">Their right answers.</param>
    /// <param name="progress">Is told of every number; null: nobody.</param>
    /// <param name="cancellation">Ends the work.</param>
    public IReadOnlyList<Trial> Try(IRows rows, NeighbourVotes right, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        double weight = votes.Weights.Length == 0 ? index.Rows.Count : votes.Weights.Sum();
        int[] values = [.. search.Values.Where((value, i) => i == 0 || value <= weight)];
        double[][] losses = Array.ConvertAll(values, _ => new double[rows.Count]);
        double[] units = Units();
        index.Find(rows, values[^1], threads, (query, nearest) =>
        {
            var answer = new double[votes.Outputs];
            for (int v = 0; v < values.Length; v++)
            {
                votes.Count(nearest, values[v], answer);
                losses[v][query] = Loss(answer, right, query, units);
            }
        }, cancellation);

        var path = new List<Trial>();
        for (int v = 0; v < values.Length; v++)
        {
            double score = right.Weights.Length == 0 ? losses[v].Average() : DoubleProducts.Dot(losses[v], right.Weights) / right.Weights.Sum();
            path.Add(new Trial(new Setting("neighbours", values[v]), score, 0, clock.Elapsed.TotalSeconds / values.Length));
            progress?.Invoke(new FitProgress(string.Create(CultureInfo.InvariantCulture, $"neighbours {v + 1} of {values.Length} ({values[v]})"), 0, score));
        }

        return path;
    }

    private static double Loss(double[] answer, NeighbourVotes right, int row, double[] units)
    {
        if (right.Labels.Length > 0)
        {
            return -Math.Log(Clipped(answer[right.Labels[row]]) / answer.Sum(Clipped));
        }

        double loss = 0;
        for (int c = 0; c < answer.Length; c++)
        {
            loss += right.LabelSets.Length == 0 ? units[c] * Math.Pow(answer[c] - right.Targets[(row * answer.Length) + c], 2)
                : -Math.Log(Clipped(right.LabelSets[row].Contains(c) ? answer[c] : 1 - answer[c]));
        }

        return loss / answer.Length;
    }

    private static double Clipped(double probability) => Math.Clamp(probability, Smallest, 1 - Smallest);

    // Several targets are each measured in units of their variance; one alone as it is.
    private double[] Units()
    {
        var units = new double[votes.Outputs];
        Array.Fill(units, 1);
        for (int j = 0; j < units.Length && units.Length > 1 && votes.Targets.Length > 0; j++)
        {
            double[] column = [.. votes.Targets.Where((_, i) => i % units.Length == j)];
            double mean = column.Average(), variance = column.Average(value => (value - mean) * (value - mean));
            units[j] = variance > 0 ? 1 / variance : 1;
        }

        return units;
    }
}
