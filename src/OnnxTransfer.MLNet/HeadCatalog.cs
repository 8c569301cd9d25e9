using Microsoft.ML;
using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>The heads of this library among ML.NET's trainers.</summary>
public static class HeadCatalog
{
    /// <summary>Learns classes from a key column, as <c>MapValueToKey</c> makes it, or several labels a row from a vector of bools.</summary>
    /// <param name="trainers"><c>mlContext.MulticlassClassification.Trainers</c>.</param>
    /// <param name="trainer">The head's settings, such as <c>new LogisticRegression()</c>.</param>
    /// <param name="labelColumnName">A key, or a vector of bools whose slots are labels.</param>
    /// <param name="featureColumnName">The embedding: a vector of floats of known size.</param>
    /// <param name="exampleWeightColumnName">Weights, float; null: all 1.</param>
    /// <param name="groupColumnName">Text; rows of one group stay together where the trainer holds rows out; null: none do.</param>
    /// <exception cref="FitException">The trainer learns no classes.</exception>
    public static HeadEstimator Head(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers, IHeadTrainer trainer, string labelColumnName = EmbeddingColumns.Label,
        string featureColumnName = EmbeddingColumns.Embedding, string? exampleWeightColumnName = null, string? groupColumnName = null) =>
        new(trainer, new HeadColumns(labelColumnName, featureColumnName, exampleWeightColumnName, groupColumnName), isRegression: false);

    /// <summary>Learns a number from a float column, or several from a vector.</summary>
    /// <param name="trainers"><c>mlContext.Regression.Trainers</c>.</param>
    /// <param name="trainer">The head's settings, such as <c>new RidgeRegression()</c>.</param>
    /// <param name="labelColumnName">A float, or a vector of floats of known size.</param>
    /// <param name="featureColumnName">The embedding: a vector of floats of known size.</param>
    /// <param name="exampleWeightColumnName">Weights, float; null: all 1.</param>
    /// <param name="groupColumnName">Text; rows of one group stay together where the trainer holds rows out; null: none do.</param>
    /// <exception cref="FitException">The trainer learns no values.</exception>
    public static HeadEstimator Head(
        this RegressionCatalog.RegressionTrainers trainers, IHeadTrainer trainer, string labelColumnName = EmbeddingColumns.Label,
        string featureColumnName = EmbeddingColumns.Embedding, string? exampleWeightColumnName = null, string? groupColumnName = null) =>
        new(trainer, new HeadColumns(labelColumnName, featureColumnName, exampleWeightColumnName, groupColumnName), isRegression: true);
}
