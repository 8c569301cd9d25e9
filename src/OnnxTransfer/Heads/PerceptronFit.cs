using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads;

/// <summary>
/// A perceptron in training on one set of rows: its step graph in the runtime, and the batches fed to it. A batch is read from
/// the rows, standardised, when its turn comes: the embeddings are never copied as a whole.
/// </summary>
internal sealed class PerceptronFit : IDisposable
{
    // An epoch's mean loss so many times the loss before the first step means that the fit diverges.
    private const double Exploded = 10;

    private readonly MultilayerPerceptron _settings;
    private readonly EmbeddingSet _set;
    private readonly PerceptronTargets _targets;
    private readonly Standardisation _standardisation;
    private readonly float[] _mean;
    private readonly float[] _scale;
    private readonly double _meanWeight;
    private readonly DenseLayer[] _layers;
    private readonly TrainingSession _session;
    private readonly SeededRandom _shuffling;
    private readonly SeededRandom _dropping;
    private readonly int[] _order;
    private readonly int _batch;
    private readonly Mixup? _mixup;
    private readonly float[] _otherRow;
    private readonly float[] _otherTargets;
    private double _first = double.NaN;

    /// <summary>Draws the first weights and loads the step graph.</summary>
    /// <param name="settings">The schedule's length is decided.</param>
    /// <param name="set">N x D embeddings.</param>
    /// <param name="targets">Theirs.</param>
    /// <param name="cancellation">Ends the measuring of the columns.</param>
    public PerceptronFit(MultilayerPerceptron settings, EmbeddingSet set, PerceptronTargets targets, CancellationToken cancellation)
    {
        (_settings, _set, _targets) = (settings, set, targets);
        int threads = Chunks.Threads(settings.Threads);
        _standardisation = Standardisation.Of(set.Rows, set.Weights, settings.Standardise, threads, cancellation).InSingle();
        _mean = Array.ConvertAll(_standardisation.Mean, value => (float)value);
        _scale = Array.ConvertAll(_standardisation.Scale, value => (float)value);
        _meanWeight = FitCheck.TotalWeight(set) / set.Count;
        _batch = Math.Min(settings.BatchSize, set.Count);
        _order = [.. Enumerable.Range(0, set.Count)];

        // Streams of their own, so that neither dropout nor the number of rows changes what the others draw.
        var seeds = new SeededRandom(settings.Seed);
        var drawing = new SeededRandom((long)seeds.NextULong());
        _shuffling = new SeededRandom((long)seeds.NextULong());
        _dropping = new SeededRandom((long)seeds.NextULong());
        _mixup = settings.Mixup > 0 ? new Mixup(settings.Mixup, (long)seeds.NextULong()) : null;
        (_otherRow, _otherTargets) = (new float[set.Width], new float[targets.Outputs]);
        _layers = PerceptronGraph.Initial([set.Width, .. settings.Hidden, targets.Outputs], column => _scale[column] == 0, drawing);
        var (forward, loss) = PerceptronGraph.Build(_layers, targets.Loss(settings.LabelSmoothing, settings.HuberDelta, settings.Quantile), settings.Dropout > 0);
        var graph = StepGraph.Build(forward, loss, PerceptronGraph.Trainables(_layers.Length, settings.WeightDecay), settings.Optimizer, _batch);
        _session = TrainingSession.Open(graph, new SessionSettings { Provider = settings.Provider.ForTraining(), Threads = threads });
    }

    /// <summary>Goes once through all rows; returns the mean loss of the steps, each before its update, with dropout.</summary>
    /// <param name="epoch">From 0 on.</param>
    /// <param name="cancellation">Asked before every step.</param>
    /// <exception cref="FitException">The loss is no longer finite, or has exploded.</exception>
    public double Epoch(int epoch, CancellationToken cancellation)
    {
        if (_batch < _set.Count)
        {
            _shuffling.Shuffle<int>(_order);
        }

        double rate = _settings.LearningRate * _settings.Schedule.Factor(epoch), sum = 0;
        for (int first = 0; first < _set.Count; first += _batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_batch, _set.Count - first);
            Fill(_order.AsSpan(first, count), epoch);
            double loss = _session.Step(rate);
            _first = double.IsNaN(_first) ? loss : _first;
            sum += loss * count / _set.Count;
            if (!double.IsFinite(loss))
            {
                throw Diverged(loss, epoch);
            }
        }

        return sum <= Exploded * Math.Max(_first, 0.1) ? sum : throw Diverged(sum, epoch);
    }

    /// <summary>The mean loss of other rows, without dropout, label smoothing or penalty; of a single target, in its unit squared.</summary>
    /// <param name="set">The rows.</param>
    /// <param name="targets">Theirs, in terms of the fitted rows'.</param>
    /// <param name="cancellation">Ends it.</param>
    public double Score(EmbeddingSet set, PerceptronTargets targets, CancellationToken cancellation)
    {
        var network = new DenseNetwork(Layers());
        var loss = targets.Loss(0, _settings.HuberDelta, _settings.Quantile);
        int blocks = (set.Count + DenseNetwork.BlockRows - 1) / DenseNetwork.BlockRows;
        var sums = new double[blocks];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Chunks.Threads(_settings.Threads), CancellationToken = cancellation };
        Parallel.For(0, blocks, options, () => network.Scratch(DenseNetwork.BlockRows), (block, _, scratch) =>
        {
            int first = block * DenseNetwork.BlockRows, count = Math.Min(DenseNetwork.BlockRows, set.Count - first);
            var rows = new float[count * set.Width];
            var outputs = new float[count * network.Outputs];
            var target = new float[network.Outputs];
            for (int i = 0; i < count; i++)
            {
                Standardise(set.Rows[first + i], rows.AsSpan(i * set.Width, set.Width));
            }

            network.Forward(rows, outputs, scratch);
            for (int i = 0; i < count; i++)
            {
                targets.Fill(first + i, target);
                sums[block] += Weight(set, first + i) * loss.Of(outputs.AsSpan(i * network.Outputs, network.Outputs), target);
            }

            return scratch;
        }, _ => { });
        return sums.Sum() / FitCheck.TotalWeight(set) * _targets.LossUnit;
    }

    /// <summary>The head as the last step left it.</summary>
    /// <exception cref="FitException">A number of it is not finite.</exception>
    public MlpHead Head() => _targets.Head(Layers(), _standardisation);

    /// <summary>Unloads the step graph.</summary>
    public void Dispose() => _session.Dispose();

    private DenseLayer[] Layers()
    {
        foreach (var (i, layer) in _layers.Index())
        {
            _session.Read<float>(PerceptronGraph.WeightsOf(i), layer.Weights);
            _session.Read<float>(PerceptronGraph.BiasOf(i), layer.Bias);
        }

        return _layers;
    }

    // A batch that the rows do not fill is filled up with rows of weight 0.
    private void Fill(ReadOnlySpan<int> chosen, int epoch)
    {
        var rows = _session.Input<float>(PerceptronGraph.Rows);
        var targets = _session.Input<float>(PerceptronGraph.Targets);
        var weights = _session.Input<float>(PerceptronGraph.Weights);
        int width = _set.Width, outputs = _targets.Outputs;
        for (int i = 0; i < chosen.Length; i++)
        {
            Standardise(_set.Rows[chosen[i]], rows.Slice(i * width, width));
            _targets.Fill(chosen[i], targets.Slice(i * outputs, outputs));

            // Divided by the mean of all weights, not of the batch's: a batch of light rows makes a small step.
            weights[i] = (float)(Weight(_set, chosen[i]) / (_meanWeight * chosen.Length));
            if (_mixup is not null)
            {
                var (partner, share) = _mixup.Draw(epoch, chosen[i], _set.Count);
                Standardise(_set.Rows[partner], _otherRow);
                _targets.Fill(partner, _otherTargets);
                Mixup.Mix(rows.Slice(i * width, width), _otherRow, share);
                Mixup.Mix(targets.Slice(i * outputs, outputs), _otherTargets, share);
                Mixup.Mix(weights.Slice(i, 1), [(float)(Weight(_set, partner) / (_meanWeight * chosen.Length))], share);
            }
        }

        rows[(chosen.Length * width)..].Clear();
        targets[(chosen.Length * outputs)..].Clear();
        weights[chosen.Length..].Clear();
        for (int layer = 0; layer < _layers.Length - 1 && _settings.Dropout > 0; layer++)
        {
            Drop(_session.Input<float>(PerceptronGraph.Mask(layer)));
        }
    }

    // 0 with probability Dropout, to 1 part in 65,536, else what keeps the mean; four values from one draw, and no branch, which
    // no processor could foresee: the sign of draw - kept, spread over all bits, keeps or clears those of the scale.
    private void Drop(Span<float> mask)
    {
        int kept = Math.Clamp((int)Math.Round(65536 * (1 - _settings.Dropout)), 1, 65536);
        int scale = BitConverter.SingleToInt32Bits(65536f / kept);
        for (int i = 0; i < mask.Length; i += 4)
        {
            ulong bits = _dropping.NextULong();
            for (int j = i; j < Math.Min(i + 4, mask.Length); j++, bits >>= 16)
            {
                mask[j] = BitConverter.Int32BitsToSingle(scale & (((int)(bits & 0xFFFF) - kept) >> 31));
            }
        }
    }

    private unsafe void Standardise(ReadOnlySpan<float> row, Span<float> result)
    {
        fixed (float* from = row, mean = _mean, scale = _scale, to = result)
        {
            LaneProducts.Standardise(from, mean, scale, result.Length, to);
        }
    }

    private FitException Diverged(double loss, int epoch) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"the loss, {_first:g3} at first, is {loss:g3} in epoch {epoch + 1}: the fit diverges at LearningRate = {_settings.LearningRate:g3}; expected a loss that falls: "
        + $"take a smaller LearningRate, for example {_settings.LearningRate / 10:g3}, or a schedule with WarmUp{(_settings.Standardise ? "" : ", or set Standardise")}"));

    private static double Weight(EmbeddingSet set, int row) => set.Weights.Length == 0 ? 1 : set.Weights[row];
}
