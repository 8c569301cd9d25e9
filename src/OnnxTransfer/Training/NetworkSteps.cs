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
    private readonly int[] _coming;
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
        (_chosen, _coming) = (new int[_dealt.Part], new int[_dealt.Part]);
        _orders = (long)new SeededRandom(settings.Seed).NextULong();
        var session = settings.Session;
        _memory = new(network.Model.Source, _dealt, Built, StepMemory.FreeOn(session));
        Graph = Built(_dealt.Part);
        if (session.Provider == ExecutionProvider.Cpu)
        {
            _memory.Check(Graph, MemoryNeed.Available);
        }

        try
        {
            Session = TrainingSession.Open(Graph, session);
        }
        catch (InferenceException e) when (StepMemory.IsShort(e))
        {
            throw _memory.Short(e);
        }

        StepGraph Built(int part) => StepGraph.Build(
            forward.Model, forward.Loss, network.Weights, settings.Optimizer, part, settings.ClipNorm, forward.Statistics, inParts: part < _dealt.Batch);
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

    /// <summary>What a reader should know of the rows; null: nothing.</summary>
    public string? Note => _dealt.Learnt == _order.Length ? null
        : $"{_order.Length - _dealt.Learnt} of {_order.Length} rows are left out of each epoch, others each time: batch norms in training take whole batches, here of {_dealt.Batch}";

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
        int first = step * _dealt.Batch, end = Math.Min(first + _dealt.Batch, _dealt.Learnt);
        double rate = Rate((epoch * PerEpoch) + step), loss = 0;
        try
        {
            for (int place = first; place < end;)
            {
                place += Fill(epoch, place, end - first);
                Prepare(epoch, place);
                loss += Graph.Update is null ? Session.Step(rate) : Session.Part();
            }

            if (Graph.Update is not null)
            {
                Session.Move(rate);
            }

            return (end - first, loss);
        }
        catch (InferenceException e) when (StepMemory.IsShort(e))
        {
            throw _memory.Short(e);
        }
    }

    /// <summary>The error for a GPU whose memory is too small, which says how many rows would fit.</summary>
    public TrainingException Short(InferenceException error) => _memory.Short(error);

    /// <summary>Unloads the step graph.</summary>
    public void Dispose() => Session.Dispose();

    private double Rate(int step) => _settings.LearningRate * _schedule.Factor(step, PerEpoch);

    // Feeds the part of a step that begins at a place of the order; returns how many rows it has.
    private int Fill(int epoch, int place, int rowsOfStep)
    {
        int count = Choose(place, _chosen);
        var weights = Session.Input<float>(ForwardGraph.RowWeights);
        _rows.Fill(epoch, _chosen, Session.InputBytes(_forward.Input), Session.Input<float>(ForwardGraph.Targets), weights);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = i < count ? weights[i] / rowsOfStep : 0;
        }

        return count;
    }

    private void Prepare(int epoch, int place)
    {
        if (place < _dealt.Learnt)
        {
            Choose(place, _coming);
            _rows.Prepare(epoch, _coming);
        }
    }

    // What fills a part up is rows of it again, which no operator can object to.
    private int Choose(int place, int[] chosen)
    {
        int end = Math.Min(_dealt.Learnt, (place / _dealt.Batch * _dealt.Batch) + _dealt.Batch), count = Math.Min(_dealt.Part, end - place);
        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i] = _order[place + (i % count)];
        }

        return count;
    }
}
