using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Training;

/// <summary>
/// The steps of a network in training: which rows, in which order, at which learning rate. The order of an epoch follows from
/// the seed and the epoch's number alone, so that a later epoch can be run without those before it. A last batch that the rows do
/// not fill is filled up with rows of weight 0; where batch norms take the batch's statistics, which those would distort,
/// it is left out instead, as PyTorch's drop_last does: other rows in every epoch.
/// </summary>
internal sealed class NetworkSteps : IDisposable
{
    private readonly TrainingSettings _settings;
    private readonly LearningRateSchedule _schedule;
    private readonly ITrainingRows _rows;
    private readonly ForwardGraph _forward;
    private readonly StepRows _dealt;
    private readonly StepMemory _memory;
    private readonly int[] _order;
    private readonly int[] _chosen;
    private readonly long _orders;

    /// <summary>Loads the step graph, weights being the network's.</summary>
    /// <exception cref="TrainingException">No gradient can be made, or a step does not fit into memory.</exception>
    /// <exception cref="InferenceException">ONNX Runtime refuses the graph, or the provider does not work here.</exception>
    public NetworkSteps(TrainableNetwork network, ForwardGraph forward, ITrainingRows rows, TrainingSettings settings)
    {
        (_forward, _settings, _rows) = (forward, settings, rows);
        _schedule = settings.Schedule.Over(settings.Epochs);
        _dealt = StepRows.Of(network.Model.Source, rows.Count, settings, whole: forward.Statistics.Count > 0);
        _order = new int[rows.Count];
        _chosen = new int[_dealt.Part];
        _orders = (long)new SeededRandom(settings.Seed).NextULong();
        var provider = settings.Provider.ForTraining();
        _memory = new(network.Model.Source, _dealt, Built, StepMemory.FreeOn(provider));
        Graph = Built(_dealt.Part);
        if (provider == ExecutionProvider.Cpu)
        {
            _memory.Check(Graph, MemoryNeed.Available);
        }

        try
        {
            Session = TrainingSession.Open(Graph, new SessionSettings { Provider = provider, Threads = Chunks.Threads(settings.Threads) });
        }
        catch (InferenceException e) when (StepMemory.IsShort(e))
        {
            throw _memory.Short(e);
        }

        StepGraph Built(int part) => StepGraph.Build(
            forward.Model, forward.Loss, network.Weights, settings.Optimizer, part, settings.ClipNorm, forward.Statistics, _dealt.Parts > 1);
    }

    /// <summary>What a step runs.</summary>
    public StepGraph Graph { get; }

    /// <summary>The weights and whatever else is carried from step to step.</summary>
    public TrainingSession Session { get; }

    /// <summary>Steps of an epoch.</summary>
    public int PerEpoch => _dealt.Steps;

    /// <summary>Rows that an epoch learns from.</summary>
    public int RowsPerEpoch => _dealt.Learnt;

    /// <summary>The most rows that are in memory at once.</summary>
    public int RowsAtOnce => _dealt.Part;

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
    /// <exception cref="OnnxTransferException">A row cannot be read, memory is too small, or ONNX Runtime failed.</exception>
    public (int Rows, double Loss) Step(int epoch, int step)
    {
        int first = step * _dealt.Batch, count = Math.Min(_dealt.Batch, _dealt.Learnt - first);
        double rate = Rate((epoch * PerEpoch) + step);
        try
        {
            if (Graph.Update is null)
            {
                Fill(epoch, first, count, count);
                return (count, Session.Step(rate));
            }

            double loss = 0;
            for (int done = 0; done < count; done += _dealt.Part)
            {
                Fill(epoch, first + done, Math.Min(_dealt.Part, count - done), count);
                loss += Session.Part();
            }

            Session.Move(rate);
            return (count, loss);
        }
        catch (InferenceException e) when (StepMemory.IsShort(e))
        {
            throw _memory.Short(e);
        }
    }

    /// <summary>Unloads the step graph.</summary>
    public void Dispose() => Session.Dispose();

    private double Rate(int step) => _settings.LearningRate * _schedule.Factor(step, PerEpoch);

    // The rows of a part of a step; those of the next are told, to be read meanwhile.
    private void Fill(int epoch, int first, int count, int rowsOfStep)
    {
        Choose(first, count);
        var weights = Session.Input<float>(ForwardGraph.RowWeights);
        _rows.Fill(epoch, _chosen, Session.InputBytes(_forward.Input), Session.Input<float>(ForwardGraph.Targets), weights);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = i < count ? weights[i] / rowsOfStep : 0;
        }

        int next = first + count, end = Math.Min(_dealt.Learnt, (next / _dealt.Batch * _dealt.Batch) + _dealt.Batch);
        if (next < end)
        {
            Choose(next, Math.Min(_dealt.Part, end - next));
            _rows.Prepare(epoch, _chosen);
        }
    }

    // What fills a part up is rows of it again, which no operator can object to, of weight 0.
    private void Choose(int first, int count)
    {
        for (int i = 0; i < _chosen.Length; i++)
        {
            _chosen[i] = _order[first + (i % count)];
        }
    }
}
