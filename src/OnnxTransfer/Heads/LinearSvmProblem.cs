using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>One set of rows with the squared hinge losses of its classes, each against the rest.</summary>
internal sealed class LinearSvmProblem : IDisposable
{
    private readonly LinearSvm _settings;
    private readonly LinearProblem _problem;
    private readonly Memberships _members;
    private readonly bool _labels;
    private readonly double[] _first; // gradient at W = 0, b = 0

    public LinearSvmProblem(LinearSvm settings, EmbeddingSet set, Memberships members, CancellationToken cancellation)
    {
        (_settings, _members, _labels) = (settings, members, set.IsMultiLabel);
        _problem = new LinearProblem(set, Outputs, settings.Standardise, settings.Threads, cancellation);
        _first = new double[_problem.Size];
        _problem.Evaluate(new double[_problem.Size], Hinge, 0, _first, []);
    }

    /// <summary>How many classes have rows.</summary>
    public int Outputs => _members.Present.Length;

    public Minimum Minimise(
        double l2, double[]? start, string stage, double tolerance, double objectiveTolerance, Action<FitProgress>? progress) => _problem.Minimise(
        _problem.Objective(Hinge, l2), l2, _first, start, tolerance, objectiveTolerance, _settings.MaxIterations,
        (iteration, value) => progress?.Invoke(new FitProgress(stage, iteration, value)));

    /// <summary>Norm of the whitened gradient at W = 0, b = 0.</summary>
    public double GradientScale(double l2) => _problem.WhitenedNorm(_first, l2);

    /// <summary>The temperature that suits other rows, or the one that was given, and their log loss at it.</summary>
    public (double Temperature, double Loss) Temperature(EmbeddingSet other, double[] parameters)
    {
        int[] picked = ScoreTemperature.Sample(other.Count, Outputs);
        var rows = other.Subset(picked);
        var members = Memberships.Of(rows, _members.Present);
        var scores = new double[checked(rows.Count * Outputs)];
        _problem.MeanOn(rows, parameters, (row, values, _) =>
        {
            values.CopyTo(scores.AsSpan(row * Outputs));
            return 0;
        });
        int[][] right = [.. Enumerable.Range(0, rows.Count).Select(i => members[i].ToArray())];
        double[] weights = rows.Weights.Length > 0 ? rows.Weights : [.. Enumerable.Repeat(1.0, rows.Count)];
        return _settings.Temperature is { } given
            ? (given, ScoreTemperature.Loss(scores, right, weights, Outputs, _labels, given))
            : ScoreTemperature.Fit(scores, right, weights, Outputs, _labels);
    }

    /// <summary>Weights and biases for raw embeddings that give scores / temperature.</summary>
    public (double[] Weights, double[] Bias) Folded(double[] parameters, double temperature) =>
        _problem.Folded(Array.ConvertAll(parameters, value => value / temperature));

    public void Dispose() => _problem.Dispose();

    private double Hinge(int row, Span<double> scores, Span<double> sums)
    {
        var members = _members[row];
        double loss = 0;
        int next = 0;
        for (int c = 0; c < scores.Length; c++)
        {
            bool member = next < members.Length && members[next] == c;
            next += member ? 1 : 0;
            double side = member ? 1 : -1, gap = Math.Max(0, 1 - (side * scores[c]));
            loss += gap * gap;
            scores[c] = -2 * side * gap;
        }

        return loss;
    }
}
