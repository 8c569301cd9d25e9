using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Training;

/// <summary>
/// The steps of a network in training: which rows, in which order, at which learning rate. The order of an epoch follows from
/// the seed and the epoch's number alone, so that a later epoch can be run without those before it. A last batch that the rows do
/// not fill is filled up with rows of weight 0.
/// </summary>
internal sealed class NetworkSteps : IDisposable
{
    private readonly TrainingSettings _settings;
    private readonly LearningRateSchedule _schedule;
    private readonly ITrainingRows _rows;
    private readonly TrainingSession _session;
    private readonly string _input;
    private readonly int[] _order;
    private readonly int[] _chosen;
    private readonly int _batch;
    private readonly long _orders;

    /// <summary>Loads the step graph, weights being the network's.</summary>
    public NetworkSteps(TrainableNetwork network, GraphLoss loss, ITrainingRows rows, TrainingSettings settings)
    {
        (_settings, _rows) = (settings, rows);
        _schedule = settings.Schedule.Over(settings.Epochs);
        _batch = Math.Min(settings.BatchSize, rows.Count);
        _order = new int[rows.Count];
        _chosen = new int[_batch];
        _orders = (long)new SeededRandom(settings.Seed).NextULong();
        PerEpoch = (rows.Count + _batch - 1) / _batch;
        var forward = ForwardGraph.Of(network, loss);
        (_input, Width) = (forward.Input, forward.Width);
        var graph = StepGraph.Build(forward.Model, forward.Loss, network.Weights, settings.Optimizer, _batch, settings.ClipNorm);
        _session = TrainingSession.Open(graph, new SessionSettings { Provider = settings.Provider.ForTraining(), Threads = Chunks.Threads(settings.Threads) });
    }

    /// <summary>Steps of an epoch.</summary>
    public int PerEpoch { get; }

    /// <summary>Rows that an epoch learns from.</summary>
    public int RowsPerEpoch => _order.Length;

    /// <summary>The most rows that are in memory at once.</summary>
    public int RowsAtOnce => _batch;

    /// <summary>k, targets of a row.</summary>
    public int Width { get; }

    /// <summary>The weights and whatever else is carried from step to step.</summary>
    public TrainingSession Session => _session;

    /// <summary>The learning rate of the last step of an epoch.</summary>
    public double LastRate(int epoch) => Rate(((epoch + 1) * PerEpoch) - 1);

    /// <summary>Begins an epoch: brings its rows in order.</summary>
    public void Begin(int epoch)
    {
        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }

        new SeededRandom(unchecked(_orders + epoch)).Shuffle<int>(_order);
    }

    /// <summary>Does a step of the epoch begun; returns how many rows it learnt from, and their mean loss before it.</summary>
    /// <exception cref="OnnxTransferException">A row cannot be read, or ONNX Runtime failed.</exception>
    public (int Rows, double Loss) Step(int epoch, int step)
    {
        int first = step * _batch, count = Math.Min(_batch, _order.Length - first);

        // What fills up is rows of the batch, which no operator can object to.
        for (int i = 0; i < _batch; i++)
        {
            _chosen[i] = _order[first + (i % count)];
        }

        var weights = _session.Input<float>(ForwardGraph.RowWeights);
        _rows.Fill(epoch, _chosen, _session.InputBytes(_input), _session.Input<float>(ForwardGraph.Targets), weights);
        for (int i = 0; i < _batch; i++)
        {
            weights[i] = i < count ? weights[i] / count : 0;
        }

        return (count, _session.Step(Rate((epoch * PerEpoch) + step)));
    }

    /// <summary>Unloads the step graph.</summary>
    public void Dispose() => _session.Dispose();

    private double Rate(int step) => _settings.LearningRate * _schedule.Factor(step, PerEpoch);
}
