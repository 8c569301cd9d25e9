namespace OnnxTransfer.MLNet;

/// <summary>The settings of <see cref="MlNetTrainer"/> that not every algorithm knows.</summary>
[Flags]
internal enum Knobs
{
    None = 0,
    L2 = 1,
    Iterations = 2,
    Trees = 4,
    Leaves = 8,
    LearningRate = 16,
    Threads = 32,
    Standardise = 64,
}
