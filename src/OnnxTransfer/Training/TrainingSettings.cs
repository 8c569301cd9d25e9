using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Training;

/// <summary>How a network is trained step by step: fine-tuning, training from scratch, autoencoders.</summary>
public sealed record TrainingSettings
{
    /// <summary>Passes over all rows.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>
    /// Rows of a step; where there are fewer, all of them. Rows at the end of an epoch that fill no step make a smaller one, and
    /// are left out where batch norms take the batch's statistics.
    /// </summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>
    /// Rows that are in memory at once; their gradients are added up to those of a step, and batch norms in training take their
    /// statistics. 0: the whole step's.
    /// </summary>
    public int MicroBatch { get; init; }

    /// <summary>The highest learning rate; of each weight it is the part that its stage learns with.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How weights follow their gradients.</summary>
    public Optimizer Optimizer { get; init; } = new Adam();

    /// <summary>How the learning rate changes.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine();

    /// <summary>What weights (not biases and norms) decay with.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>Gradients longer than this, all weights together, are shortened to it (Pascanu et al. 2013); null: never.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Epochs without a better validation loss after which training stops; null: all epochs are run. The best weights are restored either way, where there are validation rows.</summary>
    public int? Patience { get; init; }

    /// <summary>The part of a class target that is spread over all classes (Szegedy et al. 2016).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Decides the order of rows, and whatever else is drawn.</summary>
    public long Seed { get; init; }

    /// <summary>The provider that runs the steps; it must work.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Cpu;

    /// <summary>Number of the GPU that runs the steps.</summary>
    public int Device { get; init; }

    /// <summary>Threads on a CPU; 0: one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// A file that keeps the whole state after every epoch: a run that was interrupted goes on there, to the same bits on a CPU with
    /// as many threads. It stays when the training has ended: the same one then returns its result at once. Null: none.
    /// </summary>
    public string? Checkpoint { get; init; }

    /// <summary>How whatever belongs to the training is run, batches of any size.</summary>
    /// <exception cref="ProviderException">The provider cannot train.</exception>
    internal SessionSettings Session => new() { Provider = Provider.ForTraining(), Device = Device, Threads = Chunks.Threads(Threads) };
}
