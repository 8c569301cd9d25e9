using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Heads;

/// <summary>
/// What a perceptron shall answer for each row, as the numbers it is trained on: 1 at the class or labels, or (log) targets
/// brought to mean 0 and deviation 1; and the way back from its outputs to the head's.
/// </summary>
internal sealed class PerceptronTargets
{
    private readonly EmbeddingSet _set;
    private readonly Memberships? _members;
    private readonly bool _log;
    private readonly double[] _centre;
    private readonly double[] _spread;

    private PerceptronTargets(EmbeddingSet set, Memberships? members, bool log, double[] centre, double[] spread)
    {
        (_set, _members, _log, _centre, _spread) = (set, members, log, centre, spread);
    }

    /// <summary>Classes or labels that have rows, or targets.</summary>
    public int Outputs => _members?.Present.Length ?? _centre.Length;

    /// <summary>Places of the classes or labels that have rows.</summary>
    public int[] Present => _members?.Present ?? [];

    /// <summary>What a loss of standardised targets is multiplied with to be one of the (log) target: its variance where there is one target.</summary>
    public double LossUnit => _spread.Length == 1 ? _spread[0] * _spread[0] : 1;

    /// <summary>An output is (the (log) target - centre) / spread; 0 and 1 for classes and labels.</summary>
    public (double Centre, double Spread) Unit(int output) => _members is null ? (_centre[output], _spread[output]) : (0, 1);

    /// <summary>Reads and checks the answers of the rows to be fitted.</summary>
    /// <exception cref="FitException">One is unusable; the message names the row and the cure.</exception>
    public static PerceptronTargets Of(EmbeddingSet set, bool log)
    {
        if (log && !set.IsRegression)
        {
            throw new FitException("LogTarget is set, and the set holds no targets; expected a number per row, or LogTarget left out");
        }

        if (!set.IsRegression)
        {
            return new PerceptronTargets(set, Memberships.Of(set), false, [], []);
        }

        FitCheck.Targets(set, log);
        double[] centre = new double[set.TargetCount], spread = new double[set.TargetCount];
        double total = FitCheck.TotalWeight(set);
        for (int i = 0; i < set.Targets.Length; i++)
        {
            centre[i % centre.Length] += Weight(set, i / centre.Length) / total * Value(set.Targets[i], log);
        }

        for (int i = 0; i < set.Targets.Length; i++)
        {
            double part = Value(set.Targets[i], log) - centre[i % centre.Length];
            spread[i % centre.Length] += Weight(set, i / centre.Length) / total * part * part;
        }

        // A target that is the same for all rows but for rounding is predicted by its mean.
        for (int j = 0; j < spread.Length; j++)
        {
            double deviation = Math.Sqrt(spread[j]);
            spread[j] = deviation > 1e-12 * Math.Abs(centre[j]) && double.IsFinite(deviation) ? deviation : 1;
        }

        return new PerceptronTargets(set, null, log, centre, spread);
    }

    /// <summary>Those of other rows, in the same terms.</summary>
    public PerceptronTargets For(EmbeddingSet other) =>
        new(other, _members is null ? null : Memberships.Of(other, Present), _log, _centre, _spread);

    /// <summary>The loss to train by, with label smoothing, or to score by, without.</summary>
    public GraphLoss Loss(double smoothing, double? huberDelta, double? quantile = null) =>
        _members is null ? quantile is { } level ? new QuantileLoss(level) : huberDelta is { } delta ? new HuberLoss(delta) : new SquaredLoss()
        : _set.IsMultiLabel ? new BinaryCrossEntropy(smoothing)
        : new SoftmaxCrossEntropy(smoothing);

    /// <summary>The targets of the first <paramref name="count"/> rows, one after the other.</summary>
    public float[] All(int count)
    {
        float[] all = new float[count * Outputs];
        for (int i = 0; i < count; i++)
        {
            Fill(i, all.AsSpan(i * Outputs, Outputs));
        }

        return all;
    }

    /// <summary>Writes the targets of one row.</summary>
    public void Fill(int row, Span<float> targets)
    {
        if (_members is null)
        {
            for (int j = 0; j < targets.Length; j++)
            {
                targets[j] = (float)((Value(_set.Targets[(row * targets.Length) + j], _log) - _centre[j]) / _spread[j]);
            }

            return;
        }

        targets.Clear();
        foreach (int member in _members[row])
        {
            targets[member] = 1;
        }
    }

    /// <summary>The head for raw embeddings from layers that take standardised ones and give standardised targets.</summary>
    /// <exception cref="FitException">A number of it is not finite.</exception>
    public MlpHead Head(IReadOnlyList<DenseLayer> layers, Standardisation standardisation)
    {
        DenseLayer[] folded = [.. layers];
        folded[0] = Fold(folded[0], standardisation.Fold);
        folded[^1] = _members is null ? Fold(folded[^1], Restore) : Widen(folded[^1]);
        FiniteHead.Check([.. folded.SelectMany(layer => new[] { layer.Weights, layer.Bias })]);
        var activation = _members is null ? (_log ? Activation.Exponential : Activation.Identity)
            : _set.IsMultiLabel ? Activation.Sigmoid : Activation.Softmax;
        return new MlpHead(folded, activation, _members is null ? [] : _set.Classes,
            _members is not null ? [] : _set.TargetNames.Count > 0 ? _set.TargetNames : [IHead.ValueName]);
    }

    private delegate void Change(Span<double> weights, Span<double> bias);

    private static DenseLayer Fold(DenseLayer layer, Change change)
    {
        double[] weights = Array.ConvertAll(layer.Weights, value => (double)value), bias = Array.ConvertAll(layer.Bias, value => (double)value);
        change(weights, bias);
        return new DenseLayer(Array.ConvertAll(weights, value => (float)value), Array.ConvertAll(bias, value => (float)value));
    }

    // Outputs in the targets' own unit.
    private void Restore(Span<double> weights, Span<double> bias)
    {
        int width = weights.Length / bias.Length;
        for (int j = 0; j < bias.Length; j++)
        {
            foreach (ref double weight in weights.Slice(j * width, width))
            {
                weight *= _spread[j];
            }

            bias[j] = (bias[j] * _spread[j]) + _centre[j];
        }
    }

    // Outputs of all classes: those without rows are never predicted.
    private DenseLayer Widen(DenseLayer layer)
    {
        var weights = new float[_set.Classes.Count * layer.Inputs];
        var bias = new float[_set.Classes.Count];
        Array.Fill(bias, ClassesWithoutRows.NeverPredicted);
        for (int c = 0; c < Present.Length; c++)
        {
            layer.Weights.AsSpan(c * layer.Inputs, layer.Inputs).CopyTo(weights.AsSpan(Present[c] * layer.Inputs));
            bias[Present[c]] = layer.Bias[c];
        }

        return new DenseLayer(weights, bias);
    }

    private static double Weight(EmbeddingSet set, int row) => set.Weights.Length == 0 ? 1 : set.Weights[row];

    private static double Value(double target, bool log) => log ? Math.Log(target) : target;
}
