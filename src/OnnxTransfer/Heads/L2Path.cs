using System.Diagnostics;

namespace OnnxTransfer.Heads;

/// <summary>Walks an <see cref="L2Search"/> from strong to weak and keeps the best; shared by all trainers with a penalty.</summary>
internal static class L2Path
{
    /// <summary>Fits and scores every value by <paramref name="attempt"/> (position, L2 to score and iterations) until patience ends.</summary>
    /// <returns>The best L2, the table, and a note where the best value lies at an end of the path.</returns>
    /// <exception cref="FitException">The values belong beside a summed loss, for which the other overload knows the weights.</exception>
    public static (double L2, IReadOnlyList<Trial> Path, IReadOnlyList<string> Notes) Walk(
        L2Search search, Func<int, double, (double Score, int Iterations)> attempt) => search.OfSummedLoss
        ? throw new FitException("L2Search.OfSummedLoss is not known to this trainer; expected values beside its mean loss: divide Minimum and Maximum by the number of rows")
        : Walk(search, 1, 1, attempt);

    /// <summary>
    /// The same for rows whose weights add up to <paramref name="fitWeight"/>, held out of those that add up to
    /// <paramref name="weight"/>: the attempts get the L2 of the former; the table and the best L2 are those of the latter.
    /// </summary>
    public static (double L2, IReadOnlyList<Trial> Path, IReadOnlyList<string> Notes) Walk(
        L2Search search, double fitWeight, double weight, Func<int, double, (double Score, int Iterations)> attempt)
    {
        if (search.OfSummedLoss)
        {
            double ratio = weight / fitWeight;
            search = search with { Minimum = search.Minimum / weight, Maximum = search.Maximum / weight };
            return Walk(search with { OfSummedLoss = false }, 1, 1, (i, l2) => attempt(i, l2 * ratio));
        }

        var values = search.Values();
        var path = new List<Trial>();
        int best = 0;
        for (int i = 0; i < values.Count && i - best <= search.Patience; i++)
        {
            var clock = Stopwatch.StartNew();
            var (score, iterations) = attempt(i, values[i]);
            path.Add(new Trial(new Setting("L2", values[i]), score, iterations, clock.Elapsed.TotalSeconds));
            best = score < path[best].Score || double.IsNaN(path[best].Score) ? i : best;
        }

        if (values.Count == 1 || (best > 0 && best < values.Count - 1))
        {
            return (values[best], path, []);
        }

        string end = best == 0 ? "strongest value tried: a stronger one (L2Search.Maximum) may be better" : "weakest value tried: a weaker one (L2Search.Minimum) may be better";
        return (values[best], path, [$"the chosen L2 = {values[best]:g3} is the {end} to look further"]);
    }
}
